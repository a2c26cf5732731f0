/**
 * docs/permissions.md against what is really asked: whole rollouts of the real command line on the emulator, which
 * knows the action of every request. The page may not name more than was asked, and not less.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { splitPath } from '../src/emulator/arm/call.ts';
import { readDeed } from '../src/emulator/arm/permissions.ts';
import type { FaultInput } from '../src/emulator/faults/schema.ts';
import type { HostRuntime } from '../src/emulator/host/runtime.ts';
import type { WorldInput } from '../src/emulator/world/schema.ts';
import { listNeededRights } from '../src/preflight/needed-rights.ts';
import { root, startCli } from './entry/start-cli.ts';
import { type ServedAzure, serveAzure } from './fleet/served-azure.ts';
import { targetFacts } from './plan/fleet-facts.ts';
import { createPlayedRuntime } from './storm/played-runtime.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';

const subscription = '51075a1e-0000-4000-8000-000000000001';
const group = `/subscriptions/${subscription}/resourceGroups/orders`;
const subnet = `${group}/providers/Microsoft.Network/virtualNetworks/hub/subnets/apps`;

let baggage: Baggage;
let sealed: string;
beforeAll(async () => {
  baggage = await packBaggage();
  sealed = join(baggage.folder, 'sealed.zip');
  await writeFile(sealed, baggage.sealed);
});
afterAll(() => baggage.close());

const place = {
  subnet,
  identity: { system: true },
  settings: {
    AzureWebJobsStorage: 'DefaultEndpointsProtocol=https;AccountName=ordersdata;AccountKey=bm9uZQ==',
  },
} as const;

/** An app with everything around it that can be asked about. */
function writeWorld({ deny = [], settings = {} }: Story): WorldInput {
  const own = { ...place, settings: { ...place.settings, ...settings } };
  return {
    subscription,
    identity: { deny: [...deny] },
    network: {
      vnets: [
        {
          name: 'hub',
          resourceGroup: 'orders',
          region: 'westeurope',
          subnets: [{ name: 'apps', prefix: '10.1.0.0/24' }],
        },
      ],
      hosts: { 'sql.internal': { addresses: ['10.2.0.7'], ports: [1433] } },
      privateDnsZones: [
        {
          name: 'privatelink.azurewebsites.localhost',
          records: {
            'orders-weu': '10.1.0.4',
            'orders-weu.scm': '10.1.0.4',
            'orders-weu-staging': '10.1.0.5',
            'orders-weu-staging.scm': '10.1.0.5',
          },
        },
      ],
    },
    storageAccounts: [{ name: 'ordersdata' }],
    sites: [
      {
        name: 'orders-weu',
        region: 'westeurope',
        resourceGroup: 'orders',
        tags: { app: 'orders' },
        package: baggage.incumbent,
        release: baggage.incumbentId,
        ...own,
        privateEndpoints: ['10.1.0.4'],
        slots: [{ name: 'staging', ...own, privateEndpoints: ['10.1.0.5'] }],
      },
    ],
  };
}

interface Story {
  readonly config?: string;
  readonly commands?: readonly string[];
  readonly deny?: readonly string[];
  readonly faults?: readonly FaultInput[];
  /** Of production and of the slot, beside those that they have. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly runtime?: HostRuntime;
  readonly before?: (azure: ServedAzure) => Promise<void>;
}

interface Told {
  readonly asked: ReadonlySet<string>;
  readonly codes: readonly (number | string | null)[];
  readonly out: string;
}

let stories = 0;

/** Plays commands on an Azure of their own, and listens to what they ask. */
async function tell(story: Story): Promise<Told> {
  const folder = join(baggage.folder, `story-${++stories}`);
  await mkdir(folder);
  const asked = new Set<string>();
  const azure = await serveAzure({
    folder,
    world: writeWorld(story),
    timeScale: 120,
    watch: (request) => {
      const action = nameAction(request);
      if (action) asked.add(action);
    },
    fetchPackage: async () => baggage.sealed,
    ...(story.faults ? { faults: story.faults } : {}),
    ...(story.runtime ? { runtime: story.runtime } : {}),
  });
  try {
    await story.before?.(azure);
    asked.clear();
    await writeFile(join(folder, 'slotwave.yml'), writeConfig(story.config ?? ''));
    const codes: Told['codes'][number][] = [];
    let out = '';
    for (const command of story.commands ?? ['deploy']) {
      const ran = await startCli([command, ...azure.flags], folder, azure.environment, { timeoutMs: 90_000 });
      codes.push(ran.code);
      out += `${ran.out}${ran.err}`;
    }
    return { asked, codes, out };
  } finally {
    await azure.close();
  }
}

/** By the emulator's own words. Resource Graph asks for no right of its own: it shows what may be read. */
function nameAction({ method, url }: Request): string | null {
  const { hostname, pathname } = new URL(url);
  if (hostname.includes('.scm.')) return 'Microsoft.Web/sites/slots/publish/action';
  return hostname === 'localhost' && pathname.startsWith('/subscriptions/')
    ? readDeed(method, splitPath(pathname)).action
    : null;
}

function writeConfig(more: string): string {
  const file = more.replace('SEALED', sealed);
  const fallbacks = {
    package: join(baggage.folder, 'after'),
    probes: `{ ${probes} }`,
  };
  const rest = Object.entries(fallbacks)
    .filter(([key]) => !new RegExp(`^${key}:`, 'm').test(file))
    .map(([key, value]) => `${key}: ${value}\n`);
  return `app: orders
fleet:
  targets:
    - { name: weu, resourceId: ${group}/providers/Microsoft.Web/sites/orders-weu }
strategy: { waves: [{ name: all, bakeTime: 5s }] }
settings: { ORDERS_VERSION: "2" }
${rest.join('')}${file}
`;
}

/** What the page says: the role, what more there is by its name in the first column, and what preflight looks at. */
interface Page {
  readonly role: readonly string[];
  readonly more: ReadonlyMap<string, readonly string[]>;
  readonly looked: readonly string[];
}

function readPage(text: string): Page {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(text) ?? [];
  const rows = (heading: string) =>
    (text.split(`\n## ${heading}`)[1]?.split('\n## ')[0] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| ') && line.includes('Microsoft.'))
      .map((line) => line.split(' | '));
  const actionsIn = (cell = '') =>
    [...cell.matchAll(/`(Microsoft\.[^`]+)`/g)].map(([, action = '']) => action);
  return {
    role: (JSON.parse(json) as { readonly Actions: readonly string[] }).Actions,
    more: new Map(
      rows('More').map(([name = '', actions]) => [name.replace(/[|`]/g, '').trim(), actionsIn(actions)]),
    ),
    looked: rows('What preflight looks at').flatMap(([action]) => actionsIn(action)),
  };
}

/** Leaves a swap prepared, as somebody else's that was never completed. */
async function leavePrepared({ emulator, url }: ServedAzure): Promise<void> {
  const { tenantId, clientId, clientSecret } = emulator.identity;
  const post = async (path: string, body: string | URLSearchParams, headers: Record<string, string> = {}) => {
    const answer = await emulator.fetch(new Request(`${url}${path}`, { method: 'POST', body, headers }));
    expect(answer.status).toBe(200);
    return answer.text();
  };
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const scope = 'https://management.azure.com/.default';
  const answer = await post(`/${tenantId}/oauth2/v2.0/token`, new URLSearchParams({ ...form, scope }));
  const { access_token: token } = JSON.parse(answer) as { readonly access_token: string };
  await post(
    `${group}/providers/Microsoft.Web/sites/orders-weu/slots/staging/applySlotConfig?api-version=2025-05-01`,
    JSON.stringify({ targetSlot: 'production', preserveVnet: true }),
    { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  );
}

/** Hosts whose one function waits for a timer. */
function withTimer(): HostRuntime {
  const played = createPlayedRuntime(4_000);
  return {
    ...played,
    start: (start) => {
      const host = played.start(start);
      return {
        ...host,
        fetch: async (request) => {
          const answer = await host.fetch(request);
          if (new URL(request.url).pathname !== '/admin/functions' || !answer.ok) return answer;
          const listed = (await answer.json()) as readonly object[];
          const config = { bindings: [{ type: 'timerTrigger', direction: 'in' }] };
          return Response.json(listed.map((each) => ({ ...each, config, isDisabled: false })));
        },
      };
    },
  };
}

const probes = 'interval: 5s, deadline: 15m, consecutiveSuccessLimit: 2';

/** How each row of the page comes about. */
const more: Readonly<Record<string, Story & { readonly code?: number }>> = {
  'swap.resetPrepared: true': { config: 'swap: { resetPrepared: true }', before: leavePrepared },
  'stagingTriggers: disable': { config: 'stagingTriggers: disable', runtime: withTimer() },
  'delivery.mode: pull or url': {
    config: 'package: SEALED\ndelivery: { mode: url, url: "https://packages.example.com/app.zip" }',
  },
  'vantage.via: arm': { config: `probes: { ${probes}, vantage: { via: arm } }` },
  'probes.dependencies': {
    config: `probes: { ${probes}, dependencies: [{ host: sql.internal, port: 1433 }] }`,
  },
  'settings that refer to Key Vault': {
    settings: { SECRET: '@Microsoft.KeyVault(SecretUri=https://orders.vault.azure.net/secrets/key/)' },
  },
  'an SCM site that refuses tokens': {
    // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
    faults: [{ when: { door: 'scm' }, then: { status: 401 } }],
    code: 10,
  },
};

describe('docs/permissions.md', () => {
  let page: Page;
  beforeAll(async () => {
    page = readPage(await readFile(join(root, 'docs/permissions.md'), 'utf8'));
  });

  it('names what a rollout, its way back and the looks ask for, and nothing else; what is only looked at can be done without', async () => {
    const [usual, denied] = await Promise.all([
      tell({ commands: ['deploy', 'status', 'probe', 'rollback'] }),
      tell({ deny: page.looked }),
    ]);
    expect(usual.codes).toEqual([0, 0, 0, 0]);
    expect(denied).toMatchObject({ codes: [0], out: expect.stringContaining('[not-checked]') });
    // Where a network may not be read, its subnet is asked for alone.
    const asked = new Set([...usual.asked, ...denied.asked]);
    expect([...page.role, ...page.looked].sort()).toEqual([...asked].sort());
  }, 120_000);

  it('is right that preview asks for both of its actions: one for each way it can end', async () => {
    const [config, rows] = ['swap: { preview: true }', page.more.get('swap.preview: true')];
    const known = new Set([...page.role, ...page.looked]);
    const well = await tell({ config });
    expect(well.codes).toEqual([0]);
    expect([...well.asked].filter((action) => !known.has(action))).toEqual(rows?.slice(0, 1));
    expect(rows?.slice(1)).toEqual(page.more.get('swap.resetPrepared: true'));
  }, 120_000);

  it.concurrent.each(Object.entries(more))(
    'names what more is asked for: %s',
    async (name, story) => {
      const { asked, codes, out } = await tell(story);
      expect({ codes, out }).toEqual({ codes: [story.code ?? 0], out: expect.any(String) });
      const known = new Set([...page.role, ...page.looked]);
      expect([...asked].filter((action) => !known.has(action)).sort()).toEqual(page.more.get(name));
    },
    120_000,
  );

  it('has a row for each of these and no other', () =>
    expect([...page.more.keys()].sort()).toEqual(['swap.preview: true', ...Object.keys(more)].sort()));

  it('has every right that preflight demands before anything moves', () => {
    const all = new Set([...page.role, ...[...page.more.values()].flat()]);
    const demanded = (['push', 'pull', 'url'] as const).flatMap((mode) =>
      listNeededRights(targetFacts('weu'), {
        settingNames: [],
        stagingTriggers: 'disable',
        swap: { preview: true, resetPrepared: true },
        delivery: { mode, remoteBuild: false },
      }),
    );
    expect(demanded.length).toBeGreaterThan(20);
    expect(demanded.map(({ action }) => action).filter((action) => !all.has(action))).toEqual([]);
  });
});
