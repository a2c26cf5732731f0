/**
 * Networks of our own on one machine. One process holds them all: its namespaces of processes, mounts and networks
 * end with it, and with them everything that was started inside, however this test came to its end.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Networks {
  /** A shell script that makes networks, or changes them. */
  build(script: string): Promise<void>;
  /** The words that run `words` at a place. */
  within(words: readonly string[], place: Place): readonly [string, ...string[]];
  close(): Promise<void>;
}

export interface Place {
  readonly network: string;
  /** A file that stands there for the machine's own /etc/resolv.conf. */
  readonly resolvConf?: string;
  readonly cwd?: string;
}

const openDeadlineMs = 10_000;
const buildDeadlineMs = 20_000;
/** What every process of a lab lives in: `--kill-child` takes all of them down when the holder goes. */
const spaces = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;
/** `ip netns` keeps its names in /run; there it would meet the machine's own. */
const settle = `
  conf=$(readlink -f /etc/resolv.conf)
  mount -t tmpfs tmpfs /run
  case "$conf" in /run/*) mkdir -p "$(dirname "$conf")"; : > "$conf";; esac
  echo ready
  exec cat`;

/** Who enters another tree of mounts stands at its root. */
const stand = '[ -z "$0" ] || mount --bind "$0" /etc/resolv.conf; cd "$1"; shift; exec "$@"';

const programs = ['unshare', 'nsenter', 'ip', 'dnsmasq', 'tinyproxy', 'danted'] as const;

/** Why there can be no networks of our own here; null when there can. */
export function findObstacle(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  const missing = programs.filter((program) => !works('sh', ['-c', `command -v ${program}`]));
  if (missing.length > 0) return `${missing.join(', ')} not installed (see .ci/run)`;
  return asWhom() === null ? 'this user may make no namespaces here (unshare is refused)' : null;
}

/** Root's own rights, else those of a user namespace; null when there are neither. */
function asWhom(): readonly string[] | null {
  const ways = [[], ['--user', '--map-root-user']];
  return (
    ways.find((way) => works('unshare', [...way, ...spaces, 'mount', '-t', 'tmpfs', 'tmpfs', '/run'])) ?? null
  );
}

function works(command: string, words: readonly string[]): boolean {
  try {
    execFileSync(command, words, { stdio: 'ignore', timeout: 5_000, env: searched() });
    return true;
  } catch {
    return false;
  }
}

/** Debian keeps daemons where only root looks for them. */
function searched(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
}

export async function openNetworks(): Promise<Networks> {
  const rights = asWhom() ?? [];
  const holder = spawn('unshare', [...rights, ...spaces, 'sh', '-ec', settle], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: searched(),
  });
  await untilReady(holder);
  const own = `/proc/${holder.pid}/ns`;
  const enter = [
    'nsenter',
    ...(rights.length > 0 ? [`--user=${own}/user`, '--preserve-credentials'] : []),
    ...[`--mount=${own}/mnt`, `--net=${own}/net`, `--pid=${own}/pid_for_children`],
  ] as const;
  return {
    build: (script) => run([...enter, 'sh', '-ec', script]),
    within: (words, { network, resolvConf = '', cwd = '/' }) => [
      ...(enter as readonly [string, ...string[]]),
      ...['ip', 'netns', 'exec', network, 'sh', '-ec', stand, resolvConf, cwd, ...words],
    ],
    close: async () => {
      const ended = once(holder, 'exit', { signal: AbortSignal.timeout(openDeadlineMs) });
      holder.kill('SIGKILL');
      await ended;
    },
  };
}

async function untilReady(holder: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(openDeadlineMs);
  const [line] = (await once(createInterface({ input: holder.stdout! }), 'line', { signal })) as [string];
  if (line !== 'ready') throw new Error(`the namespaces began with "${line}"`);
}

function run([command, ...words]: readonly [string, ...string[]]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: buildDeadlineMs,
      env: searched(),
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`the networks could not be built (${code}): ${said}`)),
    );
  });
}
