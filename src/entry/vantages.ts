/** From where each target is looked at and fed: what the plan asks for, made real. */
import pLimit from 'p-limit';
import type { Azure } from '../azure/azure.ts';
import { parseProxy, proxyForms, secretsOf } from '../azure/proxy-address.ts';
import type { Road } from '../azure/road.ts';
import { createPinnedRoad } from '../azure/road-direct.ts';
import { createDnsRoad } from '../azure/road-names.ts';
import { createProxyRoad } from '../azure/road-proxy.ts';
import { demandEnv, type EnvText, expandEnv } from '../config/env-text.ts';
import { InputError, type Problem } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Plan } from '../plan/plan.ts';
import type { VantageRequest } from '../plan/vantage-request.ts';
import type { Vantage } from '../probe/vantage.ts';
import type { Side } from '../probe/verdict.ts';
import type { Connection } from './connect.ts';
import { createDirectVantage, createRoadVantage } from './vantage.ts';

export interface Vantages {
  vantageFor(target: Target): Vantage;
  /** The way to a slot and its SCM site; undefined: the usual one. */
  roadFor(target: Target, side: Side): Road | undefined;
  /** For a vantage that is no target's own, such as the public way. */
  open(request: VantageRequest, place: string): Vantage;
}

export interface VantageParts {
  readonly connection: Pick<Connection, 'transport' | 'secureContext'> & {
    readonly azure: Pick<Azure, 'endpointAddress' | 'armVantage'>;
  };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hide: (secret: string) => void;
}

type Asked = Pick<Plan, 'targets' | 'probes'>;

/** What the vantages of a plan take from the environment, for whoever asks for all of it at once. */
export function envTextsOfVantages({ targets, probes }: Asked): readonly EnvText[] {
  const own = targets.flatMap(({ facts: { target } }) =>
    target.vantage === undefined ? [] : [[`fleet: ${target.name}: vantage`, target.vantage] as const],
  );
  const from = probes.exposure?.from;
  return [
    ['probes.vantage', probes.vantage] as const,
    ...(from === undefined ? [] : [['probes.exposure.from', from] as const]),
    ...own,
  ].flatMap(([path, vantage]) =>
    vantage.via === 'proxy' ? [{ path: `${path}.proxy`, text: vantage.proxy }] : [],
  );
}

/**
 * Before anything starts: what a road needs is there, for every target.
 * @throws InputError: variables that are not set, proxies that cannot be read, endpoints without an address.
 */
export async function openVantages(asked: Asked, parts: VantageParts): Promise<Vantages> {
  demandEnv(envTextsOfVantages(asked), (name) => parts.environment[name]);
  const { transport } = parts.connection;
  const openRoad = createRoadOpener(parts);
  const targets = asked.targets.map(({ facts: { target } }) => target);
  const requestOf = (target: Target) => target.vantage ?? asked.probes.vantage;
  const pinned = await findEndpoints(targets, requestOf, parts);
  const roadFor = (target: Target, side: Side): Road | undefined => {
    const request = requestOf(target);
    return request.via === 'private-endpoint'
      ? pinned.get(target.name)?.[side]
      : openRoad(request, target.name);
  };
  const direct = createDirectVantage(transport);
  return {
    roadFor,
    vantageFor: (target) => {
      const { via } = requestOf(target);
      if (via === 'direct') return direct;
      if (via === 'arm') return parts.connection.azure.armVantage(target);
      return createRoadVantage(via, transport, (side) => roadFor(target, side));
    },
    open: (request, place) => {
      const road = openRoad(request, place);
      return createRoadVantage(request.via, transport, () => road);
    },
  };
}

/** Equal requests share a road, and with it the connections that are kept. */
function createRoadOpener({ connection, environment, hide }: VantageParts) {
  const roads = new Map<string, Road>();
  const make = (request: VantageRequest, place: string): Road | undefined => {
    if (request.via === 'dns') return createDnsRoad(request.servers);
    if (request.via !== 'proxy') return undefined;
    const { text, values } = expandEnv({ path: place, text: request.proxy }, (name) => environment[name]);
    for (const secret of [...values.filter((value) => value !== text), ...secretsOf(text)]) hide(secret);
    const proxy = parseProxy(text);
    if (proxy === null)
      throw new InputError('What is given as the address of a proxy is none.', {
        code: 'proxy-unreadable',
        where: `${place}: ${request.proxy}`,
        next: `Write ${proxyForms}.`,
      });
    return createProxyRoad({ via: 'proxy', proxy, secureContext: connection.secureContext });
  };
  return (request: VantageRequest, place: string): Road | undefined => {
    const key = JSON.stringify(request);
    const found = roads.get(key) ?? make(request, place);
    if (found !== undefined) roads.set(key, found);
    return found;
  };
}

type SideRoads = Readonly<Record<Side, Road>>;

/** Endpoints asked for at the same time. */
const endpointLimit = 8;

async function findEndpoints(
  targets: readonly Target[],
  requestOf: (target: Target) => VantageRequest,
  { connection }: VantageParts,
): Promise<ReadonlyMap<string, SideRoads>> {
  const limit = pLimit(endpointLimit);
  const problems: Problem[] = [];
  const find = async (target: Target, side: Side): Promise<string> => {
    const address = await limit(() => connection.azure.endpointAddress(target, side));
    const slot = side === 'live' ? target.site : `${target.site}/${target.slot}`;
    if (address === null)
      problems.push({
        path: target.name,
        message: `ARM tells no address of an approved private endpoint of ${slot}`,
      });
    return address ?? '';
  };
  const roads = await Promise.all(
    targets.map(async (target): Promise<[string, SideRoads] | null> => {
      const request = requestOf(target);
      if (request.via !== 'private-endpoint') return null;
      const [live, beside] =
        request.addresses === null
          ? await Promise.all([find(target, 'live'), find(target, 'beside')])
          : [request.addresses.live, request.addresses.beside];
      return [target.name, { live: createPinnedRoad(live), beside: createPinnedRoad(beside) }];
    }),
  );
  if (problems.length > 0)
    throw new InputError('The private endpoints of some slots are not known.', {
      code: 'private-endpoint-unknown',
      problems,
      next: 'Each slot needs a private endpoint of its own. Where ARM does not tell its address, give it with the target: vantage: { via: private-endpoint, addresses: { live: 10.1.0.4, beside: 10.1.0.5 } }.',
    });
  return new Map(roads.filter((each) => each !== null));
}
