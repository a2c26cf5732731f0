/** What serves in the lab besides Azure: two views of the names, proxies, and machines that are not what they should be. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Networks, Place } from './namespaces.ts';
import { at, ports } from './topology.ts';

/** The password that the locked proxy wants. */
export const proxyLogin = { user: 'slotwave', password: 'a-proxy-password' } as const;

const startDeadlineMs = 20_000;

export interface Daemon extends Place {
  /** A line that it writes when it is there. */
  readonly ready: RegExp;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a program in a network and waits until it has said that it is there. It ends with the networks. */
export async function startWithin(
  networks: Networks,
  words: readonly string[],
  { ready, environment = {}, ...place }: Daemon,
): Promise<string> {
  const [command, ...rest] = networks.within(words, place);
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, ...environment };
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const ended = once(child, 'close').then(([code]) => `it ended with ${String(code)}`);
  const late = AbortSignal.timeout(startDeadlineMs);
  const tooLate = once(late, 'abort').then(() => 'it was not ready in time');
  let said = '';
  const hear = async (stream: Readable): Promise<string | null> => {
    for await (const line of createInterface({ input: stream })) {
      said += `${line}\n`;
      if (ready.test(line)) {
        stream.resume();
        return line;
      }
    }
    return new Promise(() => {});
  };
  const heard = Promise.race([hear(child.stdout), hear(child.stderr)]);
  const line = await Promise.race([heard, Promise.race([ended, tooLate]).then((why) => ({ why }))]);
  if (line === null || typeof line !== 'string')
    throw new Error(`${words[0]} in ${place.network}: ${line?.why}\n${said}`);
  return line;
}

/** Names as `[name, address]`; each app's name leads to its name in the private link zone, as on Azure. */
export interface Names {
  readonly apps: readonly (readonly [label: string, address: string])[];
  readonly others: readonly (readonly [name: string, address: string])[];
}

export const domain = 'azurewebsites.net';

export async function startDns(
  networks: Networks,
  network: string,
  addresses: readonly string[],
  names: Names,
): Promise<void> {
  const apps = names.apps.flatMap(([label, address]) => [
    `--cname=${label}.${domain},${label}.privatelink.${domain}`,
    `--host-record=${label}.privatelink.${domain},${address}`,
  ]);
  const words = [
    ...[
      'dnsmasq',
      '--keep-in-foreground',
      '--log-facility=-',
      '--conf-file=/dev/null',
      '--pid-file=',
      '--user=root',
      '--group=',
    ],
    ...['--no-resolv', '--no-hosts', '--bind-interfaces', `--listen-address=${addresses.join(',')}`],
    // Whatever else there is below these names does not exist; a server without others to ask would not say so.
    ...[`--local=/${domain}/`, '--local=/test/'],
    ...apps,
    ...names.others.map(([name, address]) => `--host-record=${name},${address}`),
  ];
  await startWithin(networks, words, { network, ready: /started/ });
}

export async function startProxies(
  networks: Networks,
  folder: string,
  resolvConf: string,
  refused: readonly string[],
): Promise<void> {
  const filter = join(folder, 'proxy-refuses.txt');
  writeFileSync(filter, `${refused.map((name) => `^${name.replaceAll('.', '\\.')}$`).join('\n')}\n`);
  const open = [`Port ${ports.proxy}`, `Filter "${filter}"`];
  const locked = [`Port ${ports.lockedProxy}`, `BasicAuth ${proxyLogin.user} ${proxyLogin.password}`];
  const common = [`Listen ${at.hub}`, 'Timeout 60', 'MaxClients 100', 'LogLevel Info', 'ConnectPort 443'];
  const started = [open, locked].map((own, index) => {
    const file = join(folder, `tinyproxy-${index}.conf`);
    writeFileSync(file, `${[...own, ...common].join('\n')}\n`);
    return startWithin(networks, ['tinyproxy', '-d', '-c', file], {
      network: 'hub',
      ready: /Accepting connections/i,
      resolvConf,
    });
  });
  await Promise.all([...started, startSocks(networks, folder, resolvConf)]);
}

async function startSocks(networks: Networks, folder: string, resolvConf: string): Promise<void> {
  const file = join(folder, 'danted.conf');
  const rules = [
    ...['logoutput: stdout', `internal: ${at.hub} port = ${ports.socks}`],
    ...['external: to-weu', 'external: to-neu', 'external: to-azure', 'external.rotation: route'],
    ...['clientmethod: none', 'socksmethod: none', 'user.privileged: root', 'user.unprivileged: root'],
    ...['client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }', 'socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }'],
  ];
  writeFileSync(file, `${rules.join('\n')}\n`);
  const words = ['danted', '-f', file, '-p', join(folder, 'danted.pid')];
  await startWithin(networks, words, { network: 'hub', ready: /running/, resolvConf });
}
