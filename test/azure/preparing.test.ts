/** What is done to a slot before a promotion, spoken to the emulated Azure: settings, sticky names, previews, looks. */
import { describe, expect, it } from '@jest/globals';
import { createArm } from '../../src/azure/arm.ts';
import { readAuthenticated } from '../../src/azure/authentication.ts';
import { createSlotClient } from '../../src/azure/slots.ts';
import { keepWithSlot } from '../../src/azure/sticky-names.ts';
import { createTokens } from '../../src/azure/tokens.ts';
import { type Transport, TransportError } from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { HostRuntime } from '../../src/emulator/host/runtime.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { transportOver } from './in-process.ts';
import { armOver, script, target } from './scripted.ts';

type Site = WorldInput['sites'][number];
const inGroup = { ...target, resourceGroup: 'slotwave' };
const site: Site = {
  name: 'orders-weu',
  region: 'westeurope',
  settings: { SECRET: 'of-production', MODE: 'live' },
  sticky: ['SECRET'],
  slots: [{ name: 'staging', settings: { SECRET: 'of-staging', MODE: 'staged', OTHER: 'x' } }],
};

/** Lists these functions, as the real host does. */
function runtimeOf(functions: readonly object[]): HostRuntime {
  return {
    start: () => ({
      fetch: async (request) => {
        const { pathname } = new URL(request.url);
        return pathname === '/admin/functions'
          ? Response.json(functions)
          : Response.json({ state: 'Running' });
      },
      stop: async () => {},
    }),
    close: async () => {},
  };
}

function begin(options: { site?: Partial<Site>; functions?: readonly object[]; faults?: FaultInput[] } = {}) {
  const clock = new VirtualClock();
  const emulator = createEmulator({
    world: { sites: [{ ...site, ...options.site }] },
    faults: options.faults ?? [],
    clock,
    runtime: runtimeOf(options.functions ?? []),
  });
  const sent: string[] = [];
  const losses: ('before' | 'after')[] = [];
  const wire = transportOver(emulator.fetch, clock);
  const transport: Transport = async (request) => {
    const { pathname, host } = new URL(request.url);
    sent.push(`${request.method} ${pathname.split('/sites/')[1] ?? pathname}`);
    const loss =
      request.method === 'PUT' || pathname.endsWith('applySlotConfig') ? losses.shift() : undefined;
    const lost = () => new TransportError('lost', { code: 'ECONNRESET', sent: true, host });
    if (loss === 'before') throw lost();
    const answer = await wire(request);
    if (loss === 'after') throw lost();
    return answer;
  };
  const cloud = {
    ...{ name: 'x', resourceManager: emulator.origin, loginEndpoint: emulator.origin, wellKnown: false },
    scope: 'https://management.azure.com/.default',
  };
  const issue = async () => ({ value: await tokenOf(wire, emulator), expiresAtMs: clock.now() + 3_000_000 });
  const tokens = createTokens({ described: 'a test', issue }, clock, () => {});
  const random = () => 0.5;
  const arm = createArm({ cloud, tokens, transport, clock, random });
  const client = createSlotClient({ arm, tokens, transport, clock, random });
  const slot = () => emulator.snapshot().sites['orders-weu']!.slots['staging']!;
  const writes = () => sent.filter((each) => each.startsWith('PUT'));
  return { clock, client, arm, emulator, sent, losses, slot, writes };
}

async function tokenOf(wire: Transport, emulator: ReturnType<typeof createEmulator>): Promise<string> {
  const { tenantId, clientId, clientSecret } = emulator.identity;
  const { body } = await wire({
    method: 'POST',
    url: `${emulator.origin}/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'https://management.azure.com/.default',
    }).toString(),
    timeoutMs: 10_000,
  });
  return (JSON.parse(body) as { access_token: string }).access_token;
}

const failed = (thrown: unknown) => thrown as { code: string; kind: string };

describe('changing some settings of a slot', () => {
  it('puts, replaces and takes away in one PUT, and loses no other', async () => {
    const { clock, client, slot, writes } = begin();
    await clock.run(client.changeSettings(inGroup, { MODE: 'again', OTHER: null, FRESH: 'y' }));
    expect(slot().settings).toMatchObject({ MODE: 'again', FRESH: 'y', SECRET: 'of-staging' });
    expect(slot().settings).not.toHaveProperty('OTHER');
    expect(writes()).toEqual(['PUT orders-weu/slots/staging/config/appsettings']);
  });

  it.each([[{}], [{ MODE: 'staged', NONE: null }]])(
    'writes nothing when %j is so already',
    async (change) => {
      const { clock, client, writes } = begin();
      await clock.run(client.changeSettings(inGroup, change));
      expect(writes()).toEqual([]);
    },
  );

  it('is sure of it when the answer was lost behind the effect, and not when before', async () => {
    const after = begin();
    after.losses.push('after');
    await after.clock.run(after.client.changeSettings(inGroup, { OTHER: null }));
    expect(after.slot().settings).not.toHaveProperty('OTHER');
    const before = begin();
    before.losses.push('before');
    const error = await before.clock.run(
      before.client.changeSettings(inGroup, { OTHER: null }).catch(failed),
    );
    expect(error).toMatchObject({ kind: 'transient', code: 'settings-not-in-place' });
  });
});

describe('names that are to stay with their slot', () => {
  it('are added to those that do, once', async () => {
    const { clock, arm, writes, emulator } = begin();
    await clock.run(keepWithSlot(arm, clock, inGroup, ['AzureWebJobs.nightly.Disabled']));
    await clock.run(keepWithSlot(arm, clock, inGroup, ['azurewebjobs.NIGHTLY.disabled', 'SECRET']));
    expect(writes()).toEqual(['PUT orders-weu/config/slotConfigNames']);
    const written = emulator.history.findLast((event) => event.type === 'sticky-names.written');
    expect(written).toMatchObject({ names: ['SECRET', 'AzureWebJobs.nightly.Disabled'] });
  });

  it.each(['before', 'after'] as const)('and whose answer was lost %s the effect', async (loss) => {
    const { clock, arm, losses } = begin();
    losses.push(loss);
    const error = await clock.run(keepWithSlot(arm, clock, inGroup, ['X']).then(() => null, failed));
    expect(error?.code ?? null).toBe(loss === 'after' ? null : 'sticky-names-not-in-place');
  });
});

describe('a preview', () => {
  it("puts production's sticky settings on the slot, and resetting gives it its own back", async () => {
    const { clock, client, slot, sent } = begin();
    await clock.run(client.applyProductionSettings(inGroup));
    expect(slot().settings).toMatchObject({ SECRET: 'of-production', MODE: 'staged' });
    expect((await clock.run(client.readSlots(inGroup))).preparedFor).not.toBeNull();
    expect(await clock.run(client.applyProductionSettings(inGroup).catch(failed))).toMatchObject({
      kind: 'refusal',
      code: 'slot-prepared',
    });
    await clock.run(client.resetPrepared(inGroup));
    expect(slot().settings).toMatchObject({ SECRET: 'of-staging' });
    expect((await clock.run(client.readSlots(inGroup))).preparedFor).toBeNull();
    await clock.run(client.resetPrepared(inGroup));
    // What is live is asked for nothing where that was enough.
    expect(sent.filter((each) => each === 'POST orders-weu/resetSlotConfig')).toEqual([]);
  });

  it.each([true, false])('and its swap keep the network: %s', async (preserveVnet) => {
    const bodies: unknown[] = [];
    const { transport } = script(
      [
        ({ body }) => {
          bodies.push(JSON.parse(body));
          return { status: 200 };
        },
      ],
      new VirtualClock(),
    );
    const clock = new VirtualClock();
    const arm = armOver(transport, clock);
    const parts = { arm, transport, clock, random: () => 0.5, tokens: undefined as never };
    await clock.run(createSlotClient(parts).applyProductionSettings(target, { preserveVnet }));
    await clock.run(createSlotClient(parts).swap(target, { preserveVnet }));
    expect(bodies).toEqual([
      { targetSlot: 'production', preserveVnet },
      { targetSlot: 'production', preserveVnet },
    ]);
  });
});

describe('looks at a staged slot', () => {
  it('find references to Key Vault, by setting and status, and never a value', async () => {
    const reference = '@Microsoft.KeyVault(VaultName=kv-orders;SecretName=db)';
    const { clock, client } = begin({
      site: {
        slots: [
          {
            name: 'staging',
            settings: { DB: reference, KEY: reference, PLAIN: 'x' },
            references: { DB: 'AccessToKeyVaultDenied' },
          },
        ],
      },
    });
    expect((await clock.run(client.readSlots(inGroup))).besideRefers).toBe(true);
    const found = await clock.run(client.readReferences(inGroup));
    expect(found.map(({ setting, status, vault }) => [setting, status, vault])).toEqual([
      ['DB', 'AccessToKeyVaultDenied', 'kv-orders'],
      ['KEY', 'Resolved', 'kv-orders'],
    ]);
    const plain = begin();
    expect((await plain.clock.run(plain.client.readSlots(inGroup))).besideRefers).toBe(false);
  });

  const listed = (name: string, type: string, isDisabled = false) => ({
    ...{ name, isDisabled, language: 'node' },
    config: { name, bindings: [{ type, name: 'x', direction: 'in' }] },
  });

  it('find what is started by something other than HTTP', async () => {
    const functions = [
      listed('orders', 'httpTrigger'),
      listed('nightly', 'timerTrigger'),
      listed('incoming', 'queueTrigger', true),
    ];
    const { clock, client } = begin({ functions });
    expect(await clock.run(client.readTriggers(inGroup, 'beside'))).toEqual([
      { name: 'nightly', type: 'timerTrigger' },
    ]);
    expect(await clock.run(client.readTriggers(inGroup, 'live'))).toEqual([
      { name: 'nightly', type: 'timerTrigger' },
      { name: 'incoming', type: 'queueTrigger' },
    ]);
  });

  it('do not take a host that lists nothing yet for one without triggers', async () => {
    const { clock, client } = begin();
    expect(await clock.run(client.readTriggers(inGroup, 'beside'))).toBeNull();
  });

  it.each<[string, readonly object[], boolean | undefined]>([
    ['neither', [{ body: '{"properties":{"platform":{"enabled":false}}}' }], false],
    ['both', [{ body: '{"properties":{"platform":{"enabled":true}}}' }], true],
    ['nobody knows which', [{ status: 403, body: '{"error":{"code":"AuthorizationFailed"}}' }], undefined],
  ])('find whether a slot signs callers in: %s', async (_what, steps, expected) => {
    const clock = new VirtualClock();
    const { transport, sent } = script(steps, clock);
    expect(await clock.run(readAuthenticated(armOver(transport, clock), target))).toBe(expected);
    // The form that carries no secrets of identity providers.
    expect(
      sent.every(({ method, path }) => method === 'GET' && path.includes('/config/authsettingsV2?')),
    ).toBe(true);
  });
});
