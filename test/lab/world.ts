/** What Azure looks like in the lab: a fleet in two regions that is well, and apps on roads that are not. */
import { join } from 'node:path';
import { root } from '../entry/built.ts';
import { at } from './topology.ts';

export const subscription = '51075a1e-0000-4000-8000-000000000001';

interface App {
  readonly name: string;
  readonly region: 'westeurope' | 'northeurope';
  /** The private endpoints of production and of staging. */
  readonly live: string;
  readonly beside: string;
  /** Where the private zone sends callers, when its record is not the endpoint's. Null: there is no record. */
  readonly record?: string | null;
  /** Its private endpoint was asked for, and nobody has approved it: there is no such address yet. */
  readonly pending?: true;
  /** It has no private endpoint: the internet leads to it, and its access restrictions let nobody in. */
  readonly restricted?: true;
  /** More of the site, or another release than the example app. */
  readonly site?: Readonly<Record<string, unknown>>;
}

const west = (name: string, last: number, more: Partial<App> = {}): App => ({
  ...{ name, region: 'westeurope', live: `10.1.0.${last}`, beside: `10.1.0.${last + 100}`, ...more },
});

export const fleet: readonly App[] = [
  west('orders-weu', 4),
  { name: 'orders-neu', region: 'northeurope', live: '10.2.0.4', beside: '10.2.0.104' },
];

const broken: readonly App[] = [
  west('gone', 21, { record: null }),
  west('deaf', 22, { record: at.deaf }),
  west('walled', 23, { record: at.walled }),
  west('misled', 24, { record: at.intranet }),
  west('stranger', 25, { record: at.stranger }),
  west('dumb', 26, { record: at.dumb }),
  west('filtered', 27),
  west('stopped', 28, { site: { state: 'Stopped' } }),
  west('empty', 29, { site: { package: join(root, 'test/lab/empty-app'), release: 'r-empty' } }),
  west('failing', 30),
  west('guarded', 31),
  west('forbidding', 32),
  west('pending', 33, { pending: true }),
  west('expired', 34, { record: at.expired }),
  west('restricted', 35, { restricted: true }),
  west('mute', 36, { record: at.mute }),
];

const apps = [...fleet, ...broken];

/** Hosts that the CONNECT proxy is told to refuse. */
export const filtered = ['filtered'] as const;

/** The addresses that lead somewhere. */
export const endpoints: readonly string[] = apps.flatMap(({ live, beside, pending, restricted }) =>
  pending || restricted ? [] : [live, beside],
);

type Records = readonly (readonly [label: string, address: string])[];

/** As a network sees them to which the private zone is linked; an app and its SCM site are behind one endpoint. */
export const privateNames: Records = apps.flatMap(({ name, live, beside, restricted, record = live }) => {
  if (restricted) return [];
  return record === null ? [] : both(name, record, beside);
});

/** As everybody else sees them. */
export const publicNames: Records = apps.flatMap(({ name, record, restricted }) =>
  restricted || record === null ? [] : both(name, at.front, at.front),
);

/** Without a private endpoint a name leads straight to the front end, wherever it is asked for. */
export const plainNames: Records = apps.flatMap(({ name, restricted }) =>
  restricted
    ? ([
        [name, at.front],
        [`${name}.scm`, at.front],
      ] as const)
    : [],
);

function both(name: string, live: string, beside: string): Records {
  const slots = [
    [name, live],
    [`${name}-staging`, beside],
  ] as const;
  return slots.flatMap(
    ([label, address]) =>
      [
        [label, address],
        [`${label}.scm`, address],
      ] as const,
  );
}

/** Quick where waiting teaches nothing. */
const latencies = {
  ...{ arm: 0, login: 0, scm: 0, front: 0, scmSettings: 0, hostStart: 0, restart: 0 },
  ...{ deploy: '2s', swapApply: '1s', swapPing: '2s', swapRoute: '1s', swapPost: '1s', swapPoll: '2s' },
};

export function describeWorld(domain: string, management: string): object {
  return {
    subscription,
    resourceGroup: 'lab',
    network: { domain, management },
    latencies,
    sites: apps.map(describeSite),
  };
}

function describeSite({ name, region, live, beside, pending, restricted, site }: App): object {
  const common = { name, region, package: join(root, 'examples/orders'), release: 'r-0', ...site };
  if (restricted) return { ...common, config: { ipSecurityRestrictionsDefaultAction: 'Deny' } };
  const endpoint = pending ? { address: live, status: 'Pending' } : live;
  return {
    ...common,
    ...{ publicNetworkAccess: 'Disabled', privateEndpoints: [endpoint] },
    slots: [{ name: 'staging', publicNetworkAccess: 'Disabled', privateEndpoints: [beside] }],
  };
}

/** What these apps answer whatever they run. */
export function describeFaults(): readonly object[] {
  const sick = (site: string, path: string, status: number, body: string) => ({
    when: { site },
    // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
    then: { app: { sick: { path, status, body } } },
  });
  const failed = {
    id: 'failing',
    state: 'Error',
    version: '4.1042.100',
    errors: ["The binding type(s) 'queue' are not registered."],
  };
  return [
    sick('failing', '/admin/host/status', 200, JSON.stringify(failed)),
    sick('guarded', '/api/health', 401, ''),
    sick('forbidding', '/api/health', 403, '{"problem":"not for you"}'),
  ];
}
