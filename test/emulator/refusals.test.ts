// biome-ignore-all lint/suspicious/noThenProperty: the word of the faults file; nothing here is awaited for it.
import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, type Loose, type Played, play, read, sitePath } from './played.ts';

const swapBody = { targetSlot: 'production', preserveVnet: true };
const swap = (played: Played) => played.arm('POST', 'slots/staging/slotsswap', swapBody);

async function pollToEnd(played: Played, accepted: Response): Promise<Response> {
  const location = new URL(accepted.headers.get('location')!);
  for (;;) {
    const poll = await played.arm('GET', location.pathname);
    if (poll.status !== 202) return poll;
    await played.pass(5000);
  }
}

const count = (played: Played, type: string) =>
  played.emulator.history.filter((event) => event.type === type).length;

/** The wire form of azure-platform.md §3.4, which the SDK throws away. */
function expectAppServiceForm(body: Loose): void {
  expect(Object.keys(body)).toEqual(['Code', 'Message', 'Target', 'Details', 'Innererror']);
  const entity = entriesOf(body['Details'])[2]!['ErrorEntity']!;
  expect(entriesOf(body['Details'])[0]!['Message']).toBe(body['Message']);
  expect(entity['Message']).toBe(body['Message']);
  const parameters = entriesOf(entity['Parameters']).map(String);
  const filled = String(entity['MessageTemplate']).replace(
    /\{(\d)\}/g,
    (_, at: string) => parameters[Number(at)]!,
  );
  expect(filled).toBe(String(body['Message']));
  expect(String(entity['ExtendedCode'])).toMatch(/^\d{5}$/);
}

describe('every refusal of a swap, to the letter', () => {
  const site = "for site 'orders-weu'";
  const rows = [
    ['ping', 417, `Cannot swap site slots ${site} because the 'staging' slot did not respond to http ping.`],
    [
      'worker',
      400,
      `Cannot swap slots ${site} because the worker process for 'staging' slot could not be started.`,
    ],
    [
      'initialization',
      400,
      `Cannot swap slots ${site} because the application initialization in 'staging' slot either took too long or failed. Please check AppInit module configuration or try using swap with preview if application initialization time is very long.`,
    ],
    [
      'timeout',
      400,
      `Cannot swap slots ${site} because the warmup requests to application in 'staging' slot have timed out.`,
    ],
    [
      'allocation',
      400,
      `Cannot swap slots ${site} because the allocation of VM instances for 'staging' slot has changed during the swap process. Please retry the swap operation.`,
    ],
    [
      'unexpected',
      500,
      `There was an unexpected error swapping slots 'staging' and 'production' ${site.replace("'orders-weu'", "'orders-weu(staging)'")}. Please try to cancel your swap operation.`,
    ],
    [
      'prepared',
      409,
      'The slot cannot be changed because its configuration settings have been prepared for swap.',
    ],
    [
      'prepared-elsewhere',
      409,
      "Cannot apply configuration from slot 'Production' because this slot has already been prepared for swap with slot 'production'.",
    ],
    [
      'authentication',
      409,
      'Swap with Preview cannot be used when one of the slots has site authentication enabled.',
    ],
  ] as const;

  it.each(rows)('%s, at the request: %s', async (as, status, message) => {
    const played = await play({ faults: [{ then: { swap: { failAt: 'request', as } } }] });
    const { body, ...answer } = await read(await swap(played));
    expect({ ...answer, message: body['Message'] }).toEqual({ status, message });
    expectAppServiceForm(body);
    expect(count(played, 'swap.begun')).toBe(0);
  });

  it.each(rows)('%s, at the poll: %s', async (as, status, message) => {
    const played = await play({ faults: [{ then: { swap: { failAt: 'warmup', as } } }] });
    const accepted = await swap(played);
    expect(accepted.status).toBe(202);
    const { body, ...answer } = await read(await pollToEnd(played, accepted));
    expect({ ...answer, message: body['Message'] }).toEqual({ status, message });
    expectAppServiceForm(body);
    expect([count(played, 'swap.failed'), count(played, 'swap.routed')]).toEqual([1, 0]);
    const { preparedFor } = played.emulator.snapshot().sites['orders-weu']!.slots['staging']!;
    expect(preparedFor).toBe(status === 500 ? 'production' : null);
  });

  it.each([
    ['busy', 409, /^Cannot modify this site because another operation is in progress\. Details: Id: /],
    ['plan-busy', 409, /^Cannot modify this web hosting plan because another operation is in progress\. /],
    [
      'plan-throttled',
      429,
      /^Cannot modify this web hosting plan because another operation is in progress\. /,
    ],
  ] as const)('%s: %s', async (as, status, message) => {
    const played = await play({ faults: [{ then: { swap: { failAt: 'request', as } } }] });
    const { body, ...answer } = await read(await swap(played));
    expect(answer.status).toBe(status);
    expect(body['Message']).toMatch(message);
    expect(body['Message']).toMatch(
      /OperationName: SwapSiteSlots, CreatedTime: \d+\/\d+\/\d{4} \d+:\d\d:\d\d [AP]M/,
    );
    expectAppServiceForm(body);
  });

  it('a preview is refused while one of the slots signs its users in, and when it is prepared already', async () => {
    const world = {
      sites: [{ name: 'orders-weu', region: 'westeurope', config: { siteAuthEnabled: true } }],
    } satisfies WorldInput;
    const signed = await play({ world });
    expect(await read(await signed.arm('POST', 'slots/staging/applySlotConfig', swapBody))).toMatchObject({
      status: 409,
      body: { Message: expect.stringMatching(/^Swap with Preview cannot be used/) },
    });
    const twice = await play();
    expect((await twice.arm('POST', 'slots/staging/applySlotConfig', swapBody)).status).toBe(200);
    expect(await read(await twice.arm('POST', 'slots/staging/applySlotConfig', swapBody))).toMatchObject({
      status: 409,
      body: { Message: expect.stringMatching(/has already been prepared for swap with slot 'production'/) },
    });
  });
});

describe('the operation of a swap', () => {
  const twisted = (
    operation: NonNullable<FaultInput['then']['operation']>,
    more: readonly FaultInput[] = [],
  ) => play({ faults: [{ then: { operation } }, ...more] });

  it('may come without Location, and goes on all the same', async () => {
    const played = await twisted({ location: 'absent' });
    const accepted = await swap(played);
    expect([accepted.status, accepted.headers.get('location')]).toEqual([202, null]);
    await played.pass(300_000);
    expect(count(played, 'swap.done')).toBe(1);
  });

  it.each(['0', '-5', 'soon', 'Wed, 21 Oct 2026 07:28:00 GMT', '99999999999'])(
    'may ask to be asked again after "%s"',
    async (retryAfter) => {
      const accepted = await swap(await twisted({ retryAfter }));
      expect(accepted.headers.get('retry-after')).toBe(retryAfter);
    },
  );

  it('may not say when to ask again', async () => {
    expect((await swap(await twisted({ retryAfter: '' }))).headers.get('retry-after')).toBeNull();
  });

  it('may vanish: 404 at every poll, whatever becomes of it', async () => {
    const played = await twisted({ results: 'vanish' });
    const location = new URL((await swap(played)).headers.get('location')!);
    expect((await played.arm('GET', location.pathname)).status).toBe(404);
    await played.pass(300_000);
    expect((await played.arm('GET', location.pathname)).status).toBe(404);
    expect(count(played, 'swap.done')).toBe(1);
  });

  it('is forgotten after its time', async () => {
    const world: WorldInput = {
      latencies: { operationResults: '10m' },
      sites: [{ name: 'orders-weu', region: 'westeurope' }],
    };
    const played = await play({ world });
    const accepted = await swap(played);
    expect((await pollToEnd(played, accepted)).status).toBe(200);
    await played.pass(601_000);
    expect((await played.arm('GET', new URL(accepted.headers.get('location')!).pathname)).status).toBe(404);
  });

  it('may tell of a failure with 200', async () => {
    const played = await twisted({ results: 'failed-in-200' }, [{ then: { swap: {} } }]);
    const end = await read(await pollToEnd(played, await swap(played)));
    expect(end).toMatchObject({
      status: 200,
      body: { status: 'Failed', error: { code: 'ExpectationFailed' } },
    });
  });
});

describe('a plan that takes one operation at a time', () => {
  const shared = (planLocks: WorldInput['planLocks'] = true): WorldInput => ({
    planLocks,
    sites: ['one', 'two', 'other'].map((name) => ({
      name,
      region: 'westeurope',
      plan: { name: name === 'other' ? 'alone' : 'shared', sku: 'S1' },
    })),
  });
  const begin = (played: Played, world: WorldInput, site: string) =>
    played.arm('POST', `${sitePath(world, site)}/slots/staging/slotsswap`, swapBody);

  it.each([
    [true, 409, 'Conflict'],
    ['throttled', 429, 'TooManyRequests'],
  ] as const)('planLocks: %s refuses the second swap with %s', async (planLocks, status, code) => {
    const world = shared(planLocks);
    const played = await play({ world });
    expect((await begin(played, world, 'one')).status).toBe(202);
    const { body, ...second } = await read(await begin(played, world, 'two'));
    expect({ ...second, code: body['Code'] }).toEqual({ status, code });
    expect(body['Message']).toMatch(
      /^Cannot modify this web hosting plan .*SiteName: one, .*ServerFarmName: shared/,
    );
    expect((await begin(played, world, 'other')).status).toBe(202);
    await played.pass(300_000);
    expect((await begin(played, world, 'two')).status).toBe(202);
  });

  it('does not, when the world does not say so', async () => {
    const world = shared(false);
    const played = await play({ world });
    await begin(played, world, 'one');
    expect((await begin(played, world, 'two')).status).toBe(202);
  });
});

describe('a stopped slot that is swapped', () => {
  it.each([
    ['times-out', 417],
    ['refused', 400],
    ['succeeds', 200],
  ] as const)('%s: %s', async (stoppedSwap, status) => {
    const world: WorldInput = {
      stoppedSwap,
      sites: [{ name: 'orders-weu', region: 'westeurope', slots: [{ name: 'staging', state: 'Stopped' }] }],
    };
    const played = await play({ world });
    expect((await pollToEnd(played, await swap(played))).status).toBe(status);
  });
});

describe('a request that is carried out late', () => {
  const settings = { properties: { A: '1' } };
  it.each<[string, FaultInput['then']]>([
    ['after its connection was lost', { lost: 'after', later: '45s' }],
    ['after it was answered with 500', { status: 500, effect: 'after', later: '45s' }],
  ])('%s', async (_, then) => {
    const played = await play({ faults: [{ when: { request: 'PUT */appsettings', occurrence: 1 }, then }] });
    await played.arm('PUT', 'config/appsettings', settings).catch(() => undefined);
    await played.pass(44_000);
    expect(count(played, 'settings.written')).toBe(0);
    await played.pass(2000);
    expect(count(played, 'settings.written')).toBe(1);
    expect((await read(await played.arm('POST', 'config/appsettings/list'))).body['properties']).toEqual({
      A: '1',
    });
  });

  it('may be a swap', async () => {
    const fault: FaultInput = {
      when: { request: 'POST */slotsswap' },
      then: { lost: 'after', later: '2m' },
    };
    const played = await play({ faults: [fault] });
    await expect(swap(played)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await played.pass(119_000);
    expect(count(played, 'swap.begun')).toBe(0);
    await played.pass(2000);
    expect(count(played, 'swap.begun')).toBe(1);
  });

  it('only where its effect comes after its answer', async () => {
    await expect(play({ faults: [{ then: { lost: 'before', later: '1s' } }] })).rejects.toThrow(
      /later: belongs to lost: after or effect: after/,
    );
  });
});

describe('both dialects of an error', () => {
  it('of ARM itself, or of App Service', async () => {
    const then = { status: 409, code: 'Conflict', message: 'Busy.' } as const;
    const front = await play({ faults: [{ then }] });
    expect(await read(await front.arm('GET', ''))).toEqual({
      status: 409,
      body: { error: { code: 'Conflict', message: 'Busy.' } },
    });
    const headers = { 'retry-after': '3' };
    const service = await play({ faults: [{ then: { ...then, headers, dialect: 'app-service' } }] });
    const answer = await service.arm('GET', '');
    expect(answer.headers.get('retry-after')).toBe('3');
    expectAppServiceForm((await read(answer)).body);
  });

  it.each([
    ['arm', { error: { code: 'ResourceNotFound' } }],
    ['app-service', { Code: 'NotFound' }],
  ] as const)('a slot is missing in that of %s', async (missingSlot, body) => {
    const played = await play({
      world: { missingSlot, sites: [{ name: 'orders-weu', region: 'westeurope' }] },
    });
    expect(await read(await played.arm('GET', 'slots/none'))).toMatchObject({ status: 404, body });
  });

  it('public access is a property of the site, and not of its configuration', async () => {
    const played = await play();
    const body = { properties: { publicNetworkAccess: 'Disabled' } };
    expect(await read(await played.arm('PATCH', 'slots/staging/config/web', body))).toMatchObject({
      status: 409,
      body: {
        Message: expect.stringMatching(/^There was a conflict\. SiteConfig\.PublicNetworkAccess cannot/),
      },
    });
    expect((await played.arm('PATCH', 'slots/staging', body)).status).toBe(200);
    expect((await played.app('orders-weu-staging', '/')).status).toBe(403);
  });
});

describe('throttling', () => {
  it.each(['TooManyRequests', 'OperationNotAllowed', 'SubscriptionRequestsThrottled'] as const)(
    'says %s, by a fault and by an empty bucket',
    async (code) => {
      const fault: FaultInput = { when: { occurrence: 1 }, then: { throttled: { code, retryAfter: 17 } } };
      const throttling = { code, reads: { tokens: 1, perSecond: 0.1 } };
      const world: WorldInput = { throttling, sites: [{ name: 'orders-weu', region: 'westeurope' }] };
      const played = await play({ world });
      played.emulator.setFaults([fault]);
      const struck = await played.arm('GET', '');
      expect(struck.headers.get('retry-after')).toBe('17');
      expect(await read(struck)).toMatchObject({
        status: 429,
        body: {
          error: {
            code,
            message: expect.stringMatching(
              /^Number of requests for subscription '.*' and operation 'GET\/.*' exceeded/,
            ),
          },
        },
      });
      expect((await played.arm('GET', '')).status).toBe(200);
      const empty = await played.arm('GET', '');
      expect(empty.headers.get('retry-after')).toBe('10');
      expect(await read(empty)).toMatchObject({ status: 429, body: { error: { code } } });
    },
  );

  it('counts the whole subscription too', async () => {
    const answer = await (await play()).arm('GET', '');
    expect(answer.headers.get('x-ms-ratelimit-remaining-subscription-global-reads')).toBe('3735');
  });
});
