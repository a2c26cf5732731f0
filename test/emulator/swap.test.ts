import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, type Played, play, playRuntime, read } from './played.ts';

const swapBody = { targetSlot: 'production', preserveVnet: true };

const world: WorldInput = {
  sites: [
    {
      name: 'orders-weu',
      region: 'westeurope',
      sticky: ['ENVIRONMENT', 'ONLY_STAGING'],
      release: 'old',
      settings: { ENVIRONMENT: 'live', COLOUR: 'blue' },
      package: Buffer.from('zip of old'),
      slots: [
        {
          name: 'staging',
          release: 'new',
          settings: { ENVIRONMENT: 'test', ONLY_STAGING: 'yes', COLOUR: 'green' },
          package: Buffer.from('zip of new'),
        },
      ],
    },
  ],
};

async function swapToEnd(
  played: Played,
  path = 'slots/staging/slotsswap',
  body: unknown = swapBody,
): Promise<Response> {
  const accepted = await played.arm('POST', path, body);
  expect(accepted.status).toBe(202);
  const location = new URL(accepted.headers.get('location')!);
  for (;;) {
    const poll = await played.arm('GET', location.pathname);
    if (poll.status !== 202) return poll;
    await played.pass(5000);
  }
}

function slotsOf(played: Played) {
  const { slots } = played.emulator.snapshot().sites['orders-weu']!;
  return { production: slots['production']!, staging: slots['staging']! };
}

const typesOf = (played: Played) =>
  played.emulator.history.map(({ type }) => type).filter((type) => type.startsWith('swap.'));

describe('a swap', () => {
  it('exchanges content, history and settings, and leaves sticky settings where they are', async () => {
    const played = await play({ world });
    const before = slotsOf(played);
    const end = await swapToEnd(played);
    const after = slotsOf(played);
    expect(end.status).toBe(200);
    expect(after.production).toMatchObject({
      release: 'new',
      content: before.staging.content,
      deployments: before.staging.deployments,
    });
    expect(after.staging).toMatchObject({
      release: 'old',
      content: before.production.content,
      deployments: before.production.deployments,
    });
    expect(after.production.settings).toMatchObject({ ENVIRONMENT: 'live', COLOUR: 'green' });
    expect(after.staging.settings).toMatchObject({
      ENVIRONMENT: 'test',
      ONLY_STAGING: 'yes',
      COLOUR: 'blue',
    });
    expect(after.production.settings).not.toHaveProperty('ONLY_STAGING');
    expect(typesOf(played)).toEqual(['swap.begun', 'swap.warmed', 'swap.routed', 'swap.done']);
  });

  it('done twice is undone', async () => {
    const played = await play({ world });
    const before = slotsOf(played);
    await swapToEnd(played);
    await swapToEnd(played);
    expect(slotsOf(played)).toEqual(before);
  });

  it('is the same exchange when production is asked for it', async () => {
    const played = await play({ world });
    await swapToEnd(played, 'slotsswap', { targetSlot: 'staging', preserveVnet: true });
    expect(slotsOf(played).production.release).toBe('new');
    const { body } = await read(await played.arm('GET', ''));
    expect(body['properties']!['slotSwapStatus']).toMatchObject({
      sourceSlotName: 'staging',
      destinationSlotName: 'production',
    });
  });

  it('says on the site that it runs, and afterwards when it succeeded', async () => {
    const played = await play({ world });
    const before = await read(await played.arm('GET', ''));
    expect(before.body['properties']).toMatchObject({ inProgressOperationId: null, slotSwapStatus: null });
    await played.arm('POST', 'slots/staging/slotsswap', swapBody);
    const during = await read(await played.arm('GET', ''));
    expect(during.body['properties']!['inProgressOperationId']).toMatch(/^[0-9a-f-]{36}$/);
    await played.pass(60_000);
    const after = await read(await played.arm('GET', ''));
    const done = played.emulator.history.find(({ type }) => type === 'swap.done')!;
    expect(after.body['properties']).toMatchObject({
      inProgressOperationId: null,
      slotSwapStatus: { timestampUtc: new Date(done.atMs).toISOString() },
    });
  });

  it('lends the target its sticky settings to the source alone, until the routing changes', async () => {
    const played = await play({ world });
    await played.arm('POST', 'slots/staging/slotsswap', swapBody);
    await played.pass(12_000);
    const during = slotsOf(played);
    expect(during.staging.settings).toMatchObject({ ENVIRONMENT: 'live', COLOUR: 'green' });
    expect(during.staging.release).toBe('new');
    expect(during.production.settings).toMatchObject({ ENVIRONMENT: 'live', COLOUR: 'blue' });
  });

  it('keeps production answering at every moment, first with the old release, then with the new one', async () => {
    const played = await play({ world });
    const answers: string[] = [];
    await played.arm('POST', 'slots/staging/slotsswap', swapBody);
    for (let second = 0; second < 60; second++) {
      const { status, body } = await read(await played.app('orders-weu', '/api/health'));
      answers.push(`${status} ${body['release']} ${body['environment']}`);
      await played.pass(1000);
    }
    expect([...new Set(answers)]).toEqual(['200 old live', '200 new live']);
  });

  it('keeps every slot on its own keys, also those of a worker that came by a swap', async () => {
    const played = await play({ world });
    const keysOf = async (path: string) =>
      (await read(await played.arm('POST', `${path}host/default/listkeys`))).body[
        'masterKey'
      ] as unknown as string;
    const [live, beside] = [await keysOf(''), await keysOf('slots/staging/')];
    await swapToEnd(played);
    expect(await keysOf('')).toBe(live);
    expect((await played.app('orders-weu', '/admin/host/status', { 'x-functions-key': live })).status).toBe(
      200,
    );
    expect((await played.app('orders-weu', '/admin/host/status', { 'x-functions-key': beside })).status).toBe(
      401,
    );
    expect(
      (await played.app('orders-weu-staging', `/admin/host/status?code=${encodeURIComponent(beside)}`))
        .status,
    ).toBe(200);
  });

  it('refuses a second one on the same site while it runs, and names the first', async () => {
    const played = await play({ world });
    await played.arm('POST', 'slots/staging/slotsswap', swapBody);
    const second = await read(await played.arm('POST', 'slots/staging/slotsswap', swapBody));
    expect(second.status).toBe(409);
    expect(second.body['Message']).toMatch(
      /^Cannot modify this site because another operation is in progress\. Details: Id: [0-9a-f-]{36}, OperationName: SwapSiteSlots, /,
    );
    expect(second.body).toMatchObject({
      Code: 'Conflict',
      Details: [{}, { Code: 'Conflict' }, { ErrorEntity: { Code: 'Conflict' } }],
    });
    await played.pass(60_000);
    expect(typesOf(played)).toEqual(['swap.begun', 'swap.warmed', 'swap.routed', 'swap.done']);
  });

  it.each([
    ['settings', 'PUT', 'slots/staging/config/appsettings', { properties: {} }],
    ['sticky names', 'PUT', 'config/slotConfigNames', { properties: { appSettingNames: [] } }],
    ['the configuration', 'PATCH', 'config/web', { properties: { healthCheckPath: '/x' } }],
    ['a preview', 'POST', 'slots/staging/applySlotConfig', swapBody],
    ['the slot itself', 'DELETE', 'slots/staging', undefined],
  ])('refuses changes of %s while it runs', async (_what, method, path, body) => {
    const played = await play({ world });
    await played.arm('POST', 'slots/staging/slotsswap', swapBody);
    expect((await played.arm(method, path, body)).status).toBe(409);
  });
});

describe('the warm-up of a swap', () => {
  const withPing = (settings: Record<string, string>): WorldInput => ({
    ...world,
    sites: [{ ...world.sites[0]!, settings: {}, slots: [{ name: 'staging', release: 'new', settings }] }],
  });

  it('comes from the platform: over http, without the mark of the front end', async () => {
    const played = await play({ world: withPing({ WEBSITE_SWAP_WARMUP_PING_PATH: '/api/health' }) });
    await swapToEnd(played);
    const pings = played.runtime.requests.filter(({ request }) => !request.headers.has('x-arr-log-id'));
    expect(pings.map(({ start, request }) => `${start.slot} ${request.url}`)).toEqual([
      'staging http://orders-weu-staging.azurewebsites.localhost/api/health',
    ]);
  });

  it.each([
    ['any answer will do when no statuses are named', {}, 503, 200],
    ['a status that is not named is not warm', { WEBSITE_SWAP_WARMUP_PING_STATUSES: '200,202' }, 503, 417],
    ['a status that is named is warm', { WEBSITE_SWAP_WARMUP_PING_STATUSES: '200, 503' }, 503, 200],
  ])('%s', async (_title, settings, status, expected) => {
    const runtime = playRuntime((_start, request) =>
      request.headers.has('x-arr-log-id') ? null : new Response('', { status }),
    );
    const played = await play({ world: withPing(settings), runtime });
    const end = await swapToEnd(played);
    expect(end.status).toBe(expected);
    expect(slotsOf(played).production.release).toBe(expected === 200 ? 'new' : 'old');
  });

  it('fails at the operation with 417 after five windows of 90 s, and gives the source its settings back', async () => {
    const runtime = playRuntime((_start, request) =>
      request.headers.has('x-arr-log-id') ? null : new Response('', { status: 500 }),
    );
    const pinged: WorldInput = {
      ...world,
      sites: [
        {
          ...world.sites[0]!,
          slots: [
            {
              name: 'staging',
              release: 'new',
              settings: { ENVIRONMENT: 'test', WEBSITE_SWAP_WARMUP_PING_STATUSES: '200' },
            },
          ],
        },
      ],
    };
    const played = await play({ world: pinged, runtime });
    const before = slotsOf(played);
    const end = await read(await swapToEnd(played));
    expect(end).toMatchObject({
      status: 417,
      body: {
        Code: 'ExpectationFailed',
        Message:
          "Cannot swap site slots for site 'orders-weu' because the 'staging' slot did not respond to http ping.",
      },
    });
    expect(slotsOf(played)).toEqual(before);
    const [begun, failed] = ['swap.begun', 'swap.failed'].map(
      (type) => played.emulator.history.find((event) => event.type === type)!.atMs,
    );
    expect(failed! - begun!).toBeGreaterThanOrEqual(5 * 90_000);
    expect((await read(await played.arm('GET', ''))).body['properties']!['inProgressOperationId']).toBeNull();
  });

  it('does not wait for ever on a host that never answers', async () => {
    const runtime = playRuntime((_start, request) =>
      request.headers.has('x-arr-log-id') ? null : new Promise<Response>(() => {}),
    );
    const played = await play({ world, runtime });
    expect((await swapToEnd(played)).status).toBe(417);
  });
});

describe('a swap with preview', () => {
  it('prepares the source, refuses changes to it, and is finished by the swap', async () => {
    const played = await play({ world });
    expect((await played.arm('POST', 'slots/staging/applySlotConfig', swapBody)).status).toBe(200);
    expect(slotsOf(played).staging.settings).toMatchObject({ ENVIRONMENT: 'live' });
    expect((await read(await played.arm('GET', ''))).body['properties']!['targetSwapSlot']).toBe('staging');
    const refused = await read(
      await played.arm('PUT', 'slots/staging/config/appsettings', { properties: {} }),
    );
    expect(refused).toMatchObject({
      status: 409,
      body: {
        Message: 'The slot cannot be changed because its configuration settings have been prepared for swap.',
      },
    });
    expect((await played.arm('POST', 'slots/staging/applySlotConfig', swapBody)).status).toBe(409);
    await swapToEnd(played);
    expect(slotsOf(played).production.settings).toMatchObject({
      ENVIRONMENT: 'live',
      SLOTWAVE_RELEASE_ID: 'new',
    });
    expect(slotsOf(played).staging.settings).toMatchObject({
      ENVIRONMENT: 'test',
      SLOTWAVE_RELEASE_ID: 'old',
    });
    expect((await read(await played.arm('GET', ''))).body['properties']!['targetSwapSlot']).toBeNull();
  });

  it('is taken back by resetSlotConfig, which may be asked twice', async () => {
    const played = await play({ world });
    const before = slotsOf(played);
    await played.arm('POST', 'slots/staging/applySlotConfig', swapBody);
    expect((await played.arm('POST', 'slots/staging/resetSlotConfig')).status).toBe(200);
    expect((await played.arm('POST', 'slots/staging/resetSlotConfig')).status).toBe(200);
    expect(slotsOf(played)).toEqual(before);
  });
});

describe('slotsdiffs', () => {
  it('tells of each setting that differs whether it would travel', async () => {
    const played = await play({ world });
    const { body } = await read(await played.arm('POST', 'slots/staging/slotsdiffs', swapBody));
    const told = entriesOf(body['value']).map(({ properties }) => [
      properties!['settingName'],
      properties!['diffRule'],
      properties!['valueInCurrentSlot'],
      properties!['valueInTargetSlot'],
    ]);
    expect(told).toEqual([
      ['COLOUR', 'SettingsWillBeSwapped', 'green', 'blue'],
      ['ENVIRONMENT', 'SettingsWillBeUnchanged', 'test', 'live'],
      ['ONLY_STAGING', 'SettingsWillBeUnchanged', 'yes', ''],
      ['SLOTWAVE_RELEASE_ID', 'SettingsWillBeSwapped', 'new', 'old'],
    ]);
  });
});
