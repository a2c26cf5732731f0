/** What name servers say of a host name, each by itself: where they differ, there is the cause. */
import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import type { NameFacts } from '../probe/diagnosis.ts';
import { isLoopbackName } from './loopback.ts';
import { codeOf } from './road.ts';
import { followCnames } from './road-names.ts';

/** More servers than this are a list that nobody reads in a diagnosis. */
const mostServers = 3;

/** The system's word, and that of each given server. Never rejects; ends when `signal` aborts. */
export async function askNames(
  host: string,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<readonly NameFacts[]> {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isIP(name) !== 0 || isLoopbackName(name)) return [];
  return Promise.all([
    askSystem(name, signal),
    ...servers.slice(0, mostServers).map((server) => askServer(name, server, signal)),
  ]);
}

async function askSystem(name: string, signal: AbortSignal): Promise<NameFacts> {
  const [cnames, found] = await Promise.all([
    followCnames(name, { signal }),
    settle(untilAborted(dns.lookup(name, { all: true }), signal)),
  ]);
  const addresses = found.value?.map(({ address }) => address) ?? [];
  return { resolver: 'the system', cnames, addresses, code: found.code };
}

async function askServer(name: string, server: string, signal: AbortSignal): Promise<NameFacts> {
  const resolver = new dns.Resolver({ timeout: 1_500, tries: 1 });
  try {
    resolver.setServers([server]);
  } catch {
    return { resolver: server, cnames: [], addresses: [], code: 'EBADSERVER' };
  }
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const [cnames, four, six] = await Promise.all([
      followCnames(name, { servers: [server], signal }),
      settle(untilAborted(resolver.resolve4(name), signal)),
      settle(untilAborted(resolver.resolve6(name), signal)),
    ]);
    const addresses = [...(four.value ?? []), ...(six.value ?? [])];
    // A name that leads to another one without an address is answered, with nothing.
    const code = addresses.length > 0 ? null : (four.code ?? 'ENODATA');
    return { resolver: server, cnames, addresses, code };
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

interface Settled<T> {
  readonly value: T | null;
  readonly code: string | null;
}

async function settle<T>(asked: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await asked, code: null };
  } catch (error) {
    return { value: null, code: codeOf(error) ?? 'ETIMEOUT' };
  }
}

/** The system's resolver cannot be called off; it is left alone then. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error('called off'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
