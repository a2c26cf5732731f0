/** Names resolved by the DNS servers that the config names, or asked for what the system's resolver does not tell. */
import { promises as dns } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { codeOf, type Road, RoadError } from './road.ts';
import { connectTo } from './road-socket.ts';

/** `servers` as `10.0.0.4`, `10.0.0.4:5353` or `[fd00::4]:53`; asked in their order. */
export function createDnsRoad(servers: readonly string[]): Road {
  return {
    via: 'dns',
    async open(ask) {
      const { host, signal, trace } = ask;
      if (isIP(host) !== 0) return connectTo(ask);
      const chain = followCnames(host, { servers, signal });
      let found: readonly Address[];
      try {
        found = await resolveAddresses(host, servers, signal);
      } finally {
        // Before there is a connection: one that waits for this has nobody who hears of its end.
        trace.note({ cnames: await chain });
      }
      trace.note({ stage: 'connect', addresses: found.map(({ address }) => address) });
      return connectTo(ask, answerWith(found));
    },
  };
}

export interface NameQuestion {
  /** Absent: the ones this machine is set up with. */
  readonly servers?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** More hops than any sound name has. */
const longestChain = 8;

/** The names that `host` leads to, in order, as far as the servers tell: never rejects, and never waits long. */
export async function followCnames(
  host: string,
  { servers, signal }: NameQuestion,
): Promise<readonly string[]> {
  const chain: string[] = [];
  const resolver = openResolver(servers, signal, { timeout: 1_000, tries: 1 });
  try {
    for (let name = host; chain.length < longestChain; ) {
      const [next] = await resolver.resolveCname(name);
      if (next === undefined || chain.includes(next)) break;
      chain.push(next);
      name = next;
    }
  } catch {
    // The end of the chain is an error to the resolver, and so is a server that says nothing: both end it here.
  } finally {
    resolver.close();
  }
  return chain;
}

interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

async function resolveAddresses(
  host: string,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<readonly Address[]> {
  signal.throwIfAborted();
  const four = openResolver(servers, signal, { timeout: 2_000, tries: 2 });
  // A server that leaves this question alone must not hold up the answer to the other.
  const six = openResolver(servers, signal, { timeout: 1_000, tries: 1 });
  try {
    const [v4, v6] = await Promise.allSettled([four.resolve4(host), six.resolve6(host)]);
    signal.throwIfAborted();
    const found = [...tell(v4, 4), ...tell(v6, 6)];
    if (found.length > 0) return found;
    if (v4.status === 'rejected') throw asRoadError(v4.reason, host, servers);
    throw new RoadError('ENOTFOUND', unknownTo(host, servers));
  } finally {
    four.close();
    six.close();
  }
}

function tell(asked: PromiseSettledResult<readonly string[]>, family: 4 | 6): readonly Address[] {
  return asked.status === 'fulfilled' ? asked.value.map((address) => ({ address, family })) : [];
}

/** A refused or silent connection to a DNS server must not be taken for one to the app. */
function asRoadError(reason: unknown, host: string, servers: readonly string[]): RoadError {
  const code = codeOf(reason) ?? 'no answer';
  if (code === 'ENOTFOUND' || code === 'ENODATA')
    return new RoadError('ENOTFOUND', unknownTo(host, servers), reason);
  return new RoadError(
    'EAI_AGAIN',
    `DNS (${servers.join(', ')}) did not answer for ${host} (${code})`,
    reason,
  );
}

function unknownTo(host: string, servers: readonly string[]): string {
  return `DNS (${servers.join(', ')}) does not know ${host} (ENOTFOUND)`;
}

function answerWith(addresses: readonly Address[]): LookupFunction {
  return (_host, { all }, done) => {
    const first = addresses[0]!;
    queueMicrotask(() =>
      all
        ? done(
            null,
            addresses.map((each) => ({ ...each })),
          )
        : done(null, first.address, first.family),
    );
  };
}

/** Closed when it is not needed any more: a signal that lives as long as a rollout must not collect listeners. */
function openResolver(
  servers: readonly string[] | undefined,
  signal: AbortSignal,
  options: { readonly timeout: number; readonly tries: number },
) {
  const resolver = new dns.Resolver(options);
  if (servers !== undefined) resolver.setServers([...servers]);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  return {
    resolve4: (host: string) => resolver.resolve4(host),
    resolve6: (host: string) => resolver.resolve6(host),
    resolveCname: (host: string) => resolver.resolveCname(host),
    close: () => signal.removeEventListener('abort', cancel),
  };
}
