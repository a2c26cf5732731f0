/** From where each target is looked at and fed: what the plan asks for, made real. */
import pLimit from 'p-limit';
import type { Azure } from '../azure/azure.ts';
import { parseProxy, proxyForms, secretsOf } from '../azure/proxy-address.ts';
import type { Road } from '../azure/road.ts';
import { createMissingRoad, createPinnedRoad } from '../azure/road-direct.ts';
import { createDnsRoad } from '../azure/road-names.ts';
import { createProxyRoad } from '../azure/road-proxy.ts';
import { demandEnv, type EnvText, expandEnv } from '../config/env-text.ts';
import { InputError, type Problem, SlotwaveError } from '../errors.ts';
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
  /** The public way that the plan names for its question whether a door stands open. */
  open(request: VantageRequest): Vantage;
}

export interface VantageParts {
  readonly connection: Pick<Connection, 'transport' | 'secureContext'> & {
    readonly azure: Pick<Azure, 'endpointAddress' | 'armVantage'>;
  };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hide: (secret: string) => void;
  /** For whoever only looks: an endpoint that nobody knows is told of its own slot, and the others are looked at. */
  readonly mayLack?: boolean | undefined;
}

type Asked = Pick<Plan, 'targets' | 'probes'>;

/** What the vantages of a plan take from the environment, for whoever asks for all of it at once. */
export function envTextsOfVantages(asked: Asked): readonly EnvText[] {
  return listVantages(asked).flatMap(({ path, vantage }) =>
    vantage.via === 'proxy' ? [{ path: `${path}.proxy`, text: vantage.proxy }] : [],
  );
}

interface Placed {
  readonly path: string;
  readonly vantage: VantageRequest;
}

function listVantages({ targets, probes }: Asked): readonly Placed[] {
  const { vantage, exposure } = probes;
  return [
    { path: 'probes.vantage', vantage },
    ...(exposure === undefined ? [] : [{ path: 'probes.exposure.from', vantage: exposure.from }]),
    ...targets.flatMap(({ facts: { target } }) =>
      target.vantage === undefined
        ? []
        : [{ path: `vantage of the target ${target.name}`, vantage: target.vantage }],
    ),
  ];
}

/**
 * Before anything starts: what a road needs is there, for every target, unless `mayLack`.
 * @throws InputError: variables that are not set, proxies that cannot be read, endpoints without an address.
 */
export async function openVantages(asked: Asked, parts: VantageParts): Promise<Vantages> {
  demandEnv(envTextsOfVantages(asked), (name) => parts.environment[name]);
  const { transport } = parts.connection;
  const sharedRoad = openRoads(asked, parts);
  const targets = asked.targets.map(({ facts: { target } }) => target);
  const requestOf = (target: Target) => target.vantage ?? asked.probes.vantage;
  const pinned = await findEndpoints(targets, requestOf, parts);
  const roadFor = (target: Target, side: Side): Road | undefined => {
    const request = requestOf(target);
    return request.via === 'private-endpoint' ? pinned.get(target.name)?.[side] : sharedRoad(request);
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
    open: (request) => createRoadVantage(request.via, transport, () => sharedRoad(request)),
  };
}

/**
 * The roads that are the same for every host. Equal requests share one, and with it the connections that are kept.
 * @throws InputError `proxy-unreadable`, with every address that is none.
 */
function openRoads(
  asked: Asked,
  { connection: { secureContext }, environment, hide }: VantageParts,
): (request: VantageRequest) => Road | undefined {
  const roads = new Map<string, Road>();
  const problems: Problem[] = [];
  for (const { path, vantage } of listVantages(asked)) {
    if (vantage.via === 'dns') roads.set(keyOf(vantage), createDnsRoad(vantage.servers));
    if (vantage.via !== 'proxy') continue;
    const { text } = expandEnv({ path, text: vantage.proxy }, (name) => environment[name]);
    for (const secret of secretsOf(text)) hide(secret);
    const proxy = parseProxy(text);
    if (proxy === null)
      problems.push({
        path: `${path}.proxy`,
        message: 'is not the address of a proxy',
        found: vantage.proxy,
      });
    else roads.set(keyOf(vantage), createProxyRoad({ via: 'proxy', proxy, secureContext }));
  }
  if (problems.length > 0)
    throw new InputError('Proxies are given by what is no address.', {
      code: 'proxy-unreadable',
      problems,
      next: `Write ${proxyForms}, also in the variables that the address takes from the environment.`,
    });
  return (request) => roads.get(keyOf(request));
}

const keyOf = (request: VantageRequest) => JSON.stringify(request);

type SideRoads = Readonly<Record<Side, Road>>;

/** Endpoints asked for at the same time. */
const endpointLimit = 8;

async function findEndpoints(
  targets: readonly Target[],
  requestOf: (target: Target) => VantageRequest,
  { connection, mayLack = false }: VantageParts,
): Promise<ReadonlyMap<string, SideRoads>> {
  const limit = pLimit(endpointLimit);
  const problems: Problem[] = [];
  const find = async (target: Target, side: Side): Promise<Road> => {
    const slot = side === 'live' ? target.site : `${target.site}/${target.slot}`;
    try {
      const address = await limit(() => connection.azure.endpointAddress(target, side));
      if (address !== null) return createPinnedRoad(address);
    } catch (error) {
      if (!mayLack || !(error instanceof SlotwaveError) || error.kind === 'defect') throw error;
      return createMissingRoad(`the private endpoints of ${slot} could not be read: ${error.message}`);
    }
    const message = `ARM tells no address of an approved private endpoint of ${slot}`;
    problems.push({ path: target.name, message });
    return createMissingRoad(message);
  };
  const roads = await Promise.all(
    targets.map(async (target): Promise<[string, SideRoads] | null> => {
      const request = requestOf(target);
      if (request.via !== 'private-endpoint') return null;
      const [live, beside] =
        request.addresses === null
          ? await Promise.all([find(target, 'live'), find(target, 'beside')])
          : [createPinnedRoad(request.addresses.live), createPinnedRoad(request.addresses.beside)];
      return [target.name, { live, beside }];
    }),
  );
  if (problems.length > 0 && !mayLack)
    throw new InputError('The private endpoints of some slots are not known.', {
      code: 'private-endpoint-unknown',
      problems,
      next: 'Each slot needs a private endpoint of its own. Where ARM does not tell its address, give it with the target: vantage: { via: private-endpoint, addresses: { live: 10.1.0.4, beside: 10.1.0.5 } }.',
    });
  return new Map(roads.filter((each) => each !== null));
}
