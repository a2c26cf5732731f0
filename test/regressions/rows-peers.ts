/** The list of regressions at the end of peers.md, in its order; lines about verdicts stand in rows-deploy.ts. */
import { expect } from '@jest/globals';
import { TransportError } from '../../src/azure/transport.ts';
import { issueToken } from '../storm/engine.ts';
import type { Stage, Travelled, Trouble } from './road.ts';
import type { Row } from './row.ts';
import { appServiceError, breaks, changes, changesJson, doesAndSays, plain, says, times } from './twists.ts';
import { createWire, type Passing, type Twist } from './wire.ts';

const scm = 'weu-staging.scm.';
const swap = (becomes: Twist['becomes']): Trouble => ({
  twists: [{ on: 'POST */sites/neu/slots/staging/slotsswap', becomes }],
});
const poll = (becomes: Twist['becomes']): Trouble => ({
  twists: [{ on: 'GET */sites/neu/*operationresults/*', becomes }],
});
const settles = { concludes: [], outcome: 'settled', reads: /Settled/ } as const;

function movedOnce({ live, swaps }: Travelled): void {
  expect(live['neu']).toMatch(/^r-new/);
  expect(swaps).toEqual({ weu: 1, neu: 1 });
}

const reruns: readonly Row[] = [
  {
    section: 'peers',
    azure: 'the process dies when the first wave is live, and is resumed',
    engine: 'leaves what was swapped alone',
    trouble: { stopAfter: ({ type }) => type === 'wave.baked' },
    ...settles,
    reads: /Interrupted by SIGTERM[\s\S]*goes on from where its journal ends[\s\S]*Settled/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: 'the pipeline is run again after half of a rollout: weu already runs this content',
    engine: 'leaves weu alone, and moves neu',
    trouble: {
      sites: {
        weu: ({ release }) => ({
          package: release.path,
          release: release.id.replace('r-new', 'r-earlier'),
          settings: { SECRET: 'secret-of-weu', ORDERS_VERSION: '2' },
        }),
      },
    },
    ...settles,
    uploads: 0,
    reads: /1 of 1 targets run/,
    holds: ({ swaps, live }) => {
      expect(swaps).toEqual({ weu: 0, neu: 1 });
      expect(live['weu']).toMatch(/^r-earlier/);
    },
  },
];

const uploads: readonly Row[] = [
  {
    section: 'peers',
    azure: 'ECONNRESET in the middle of the upload',
    engine: 'sends again from byte 0, all of it',
    trouble: { twists: [{ on: 'POST /api/zipdeploy', host: scm, becomes: times(1, breakInTheMiddle) }] },
    ...settles,
    uploads: 2,
    holds: ({ arrived, releaseDigest }) => expect(arrived['weu']).toEqual([releaseDigest]),
  },
  {
    section: 'peers',
    azure: '202 without Location to an upload',
    engine: 'finds the record in the list',
    trouble: {
      twists: [{ on: 'POST /api/zipdeploy', host: scm, becomes: doesAndSays({ status: 202 }) }],
    },
    ...settles,
  },
  ...(
    [
      [
        'ENOTFOUND',
        /does not know its name \(ENOTFOUND\).*private DNS zone \(privatelink\.azurewebsites\.net\)/,
      ],
      ['EAI_AGAIN', /DNS here did not answer \(EAI_AGAIN\)/],
    ] as const
  ).map(
    ([code, reads]): Row => ({
      section: 'peers',
      azure: `${code} for the SCM host`,
      engine: 'names DNS as the cause, before a byte is sent',
      trouble: { twists: [{ on: '* /api/*', host: scm, becomes: breaks(code, false) }] },
      concludes: ['refusal scm-not-reachable'],
      outcome: 'refused',
      uploads: 0,
      reads,
    }),
  ),
  {
    section: 'peers',
    azure: 'the deployment fails after the settings were written',
    engine: 'the staging slot gets its settings back',
    trouble: {
      sites: {
        weu: () => ({
          slots: [{ name: 'staging', settings: { SECRET: 'secret-of-staging', ORDERS_VERSION: '1' } }],
        }),
      },
      twists: [
        {
          on: 'GET /api/deployments*',
          host: scm,
          becomes: changesJson((record) => (record['complete'] === true ? { ...record, status: 3 } : record)),
        },
      ],
    },
    concludes: ['refusal deployment-failed'],
    outcome: 'refused',
    reads: /ended as "failed"/,
    holds: ({ besideSettings }) => expect(besideSettings['weu']).toMatchObject({ ORDERS_VERSION: '1' }),
  },
  {
    section: 'peers',
    azure: 'the deployment log says ##vso[task.setvariable …], ::add-mask:: and escape sequences',
    engine: 'prints them harmlessly',
    trouble: {
      twists: [
        {
          on: 'GET /api/deployments/*/log',
          host: scm,
          becomes: says({
            body: JSON.stringify([
              {
                type: 2,
                message: 'bad\r\n##vso[task.setvariable variable=x]y\n::add-mask::z\u001b[2J\u202e',
              },
            ]),
          }),
        },
        {
          on: 'GET /api/deployments*',
          host: scm,
          becomes: changesJson((record) => (record['complete'] === true ? { ...record, status: 3 } : record)),
        },
      ],
    },
    concludes: ['refusal deployment-failed'],
    outcome: 'refused',
    reads: /bad # #vso\[task\.setvariable variable=x\]y : :add-mask: :z/,
    holds: ({ told }) => expect(told).not.toMatch(/##|::|\u001b|\u202e|\r/),
  },
];

const swaps: readonly Row[] = [
  {
    section: 'peers',
    azure: 'carries the swap out, and answers its POST with 409 «SwapSiteSlots is in progress»',
    engine: 'exactly one swap',
    trouble: swap(
      doesAndSays(
        appServiceError(
          409,
          'Conflict',
          'Cannot modify this site because another operation is in progress. Details: Id: 1, OperationName: SwapSiteSlots, SiteName: neu, SlotName: staging',
        ),
      ),
    ),
    concludes: ['doubt operation-in-progress'],
    outcome: 'settled',
    reads: /doubt settled by looking: the promotion happened/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: 'the operation ends with 200 whose body says Failed, with the text of a ping',
    engine: 'a failure, by its text; asked once more',
    trouble: failsPing(
      changes((said) =>
        said.status === 417
          ? {
              ...said,
              status: 200,
              body: '{"status":"Failed","error":{"code":"X","message":"the \'staging\' slot did not respond to http ping."}}',
            }
          : said,
      ),
    ),
    concludes: ['transient swap-ping-failed'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: 'the operation ends with 200 whose body says Failed, and says no more; it did happen',
    engine: 'a doubt: looks, and finds it done',
    trouble: poll(changes((said) => (said.status === 200 ? { ...said, body: '{"status":"Failed"}' } : said))),
    concludes: ['doubt server-error'],
    outcome: 'settled',
    reads: /doubt settled by looking: the promotion happened/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: '202 without Location to a swap',
    engine: 'nothing to watch: looks at both slots instead',
    trouble: swap(doesAndSays({ status: 202 })),
    concludes: ['doubt swap-not-watchable'],
    outcome: 'settled',
    reads: /Azure did not say where to watch it/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: '200 to a swap that has only begun',
    engine: 'waits for what is in progress on the site, and reads both slots',
    trouble: swap(doesAndSays({ status: 200 })),
    ...settles,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: '500 although the swap was accepted',
    engine: 'exactly one swap',
    trouble: swap(doesAndSays(plain(500, 'An error has occurred.'))),
    concludes: ['doubt server-error'],
    outcome: 'settled',
    reads: /doubt settled by looking: the promotion happened/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: 'the swap times out for whoever watches it, and is carried out all the same',
    engine: 'reports it as done, and takes nothing back',
    trouble: poll(breaks('ETIMEDOUT')),
    concludes: ['doubt swap-lost-from-sight'],
    outcome: 'settled',
    reads: /doubt settled by looking: the promotion happened/,
    holds: (travelled) => {
      movedOnce(travelled);
      expect(travelled.entries.filter(({ type }) => type === 'revert.begun')).toEqual([]);
    },
  },
  {
    section: 'peers',
    azure: 'the operation result has vanished: 404 at the poll',
    engine: 'unknown is not failed: looks, and finds it done',
    trouble: poll(says(appServiceError(404, 'NotFound', 'Cannot find Operation with id 1.'))),
    concludes: ['doubt swap-lost-from-sight'],
    outcome: 'settled',
    reads: /doubt settled by looking: the promotion happened/,
    holds: movedOnce,
  },
];

const throttles: readonly Row[] = [
  {
    section: 'peers',
    azure: '429 with Retry-After: 17 to a read',
    engine: 'waits 17 s, to the second',
    trouble: {
      twists: [
        {
          on: 'POST */sites/neu/config/appsettings/list',
          becomes: times(1, says({ ...plain(429, ''), headers: { 'retry-after': '17' } })),
        },
      ],
    },
    ...settles,
    holds: ({ sent }) => {
      const [first, second] = sent.filter(({ path }) => path.includes('/sites/neu/config/appsettings/list'));
      const waitedMs = (second?.atMs ?? 0) - (first?.atMs ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(17_000);
      expect(waitedMs).toBeLessThan(24_000);
    },
  },
  {
    section: 'peers',
    azure: '429 with Retry-After: 40 to a swap',
    engine: 'nothing moved: waits 40 s, then asks again',
    trouble: swap(times(1, says({ ...plain(429, ''), headers: { 'retry-after': '40' } }))),
    concludes: ['transient throttled'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: (travelled) => {
      movedOnce(travelled);
      const [first, second] = travelled.sent.filter(({ path }) =>
        path.includes('/sites/neu/slots/staging/slotsswap'),
      );
      expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(40_000);
    },
  },
];

const leftovers: readonly Row[] = [
  {
    section: 'peers · §3.4',
    azure: 'neu’s staging slot was left prepared by a swap with preview',
    engine: 'finds it before anything starts, and says how to cancel it',
    trouble: { before: prepareNeu },
    concludes: [],
    outcome: 'not begun',
    uploads: 0,
    swaps: 0,
    reads: /slot-prepared[\s\S]*--action reset/,
    holds: ({ sent }) => expect(sent.filter(({ method }) => method === 'PUT')).toEqual([]),
  },
];

export const peerRows: readonly Row[] = [...reruns, ...uploads, ...swaps, ...throttles, ...leftovers];

/** Half of the bytes leave; then the connection is gone. */
async function breakInTheMiddle({ request }: Passing): Promise<never> {
  if (typeof request.body !== 'object' || !('open' in request.body)) throw new Error('no body was streamed');
  for await (const chunk of request.body.open()) {
    request.onSent?.(Math.floor((chunk as Buffer).length / 2));
    break;
  }
  throw new TransportError('the connection was reset', { code: 'ECONNRESET', sent: true, host: scm });
}

function failsPing(becomes: Twist['becomes']): Trouble {
  return {
    ...poll(becomes),
    faults: [
      {
        when: { request: 'POST */slotsswap', site: 'neu', occurrence: 1 },
        // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
        then: { swap: { failAt: 'warmup', as: 'ping' } },
      },
    ],
  };
}

async function prepareNeu(stage: Stage): Promise<void> {
  const { transport } = createWire(stage, []);
  const { value } = await issueToken(transport, stage.emulator.identity);
  await transport({
    method: 'POST',
    url: 'https://localhost/subscriptions/51075a1e-0000-4000-8000-000000000001/resourceGroups/slotwave/providers/Microsoft.Web/sites/neu/slots/staging/applySlotConfig?api-version=2025-05-01',
    headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
    body: JSON.stringify({ targetSlot: 'production', preserveVnet: true }),
    timeoutMs: 60_000,
  });
}
