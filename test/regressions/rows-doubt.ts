/** The list of regressions at the end of peers.md: swaps whose answer lies, or is lost, and throttling. */
import { expect } from '@jest/globals';
import type { Trouble } from './road.ts';
import type { Row } from './row.ts';
import { movedOnce, settles, swapPoll, swapPost } from './spots.ts';
import { appServiceError, breaks, changes, doesAndSays, plain, says, times } from './twists.ts';
import type { Twist } from './wire.ts';

const swapped: readonly Row[] = [
  {
    section: 'peers',
    azure: 'carries the swap out, and answers its POST with 409 «SwapSiteSlots is in progress»',
    engine: 'exactly one swap',
    trouble: swapPost(
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
    trouble: swapPoll(
      changes((said) => (said.status === 200 ? { ...said, body: '{"status":"Failed"}' } : said)),
    ),
    concludes: ['doubt server-error'],
    outcome: 'settled',
    reads: /doubt settled by looking: the promotion happened/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: '202 without Location to a swap',
    engine: 'nothing to watch: looks at both slots instead',
    trouble: swapPost(doesAndSays({ status: 202 })),
    concludes: ['doubt swap-not-watchable'],
    outcome: 'settled',
    reads: /Azure did not say where to watch it/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: '200 to a swap that has only begun',
    engine: 'waits for what is in progress on the site, and reads both slots',
    trouble: swapPost(doesAndSays({ status: 200 })),
    ...settles,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: '500 although the swap was accepted',
    engine: 'exactly one swap',
    trouble: swapPost(doesAndSays(plain(500, 'An error has occurred.'))),
    concludes: ['doubt server-error'],
    outcome: 'settled',
    reads: /doubt settled by looking: the promotion happened/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: 'the swap times out for whoever watches it, and is carried out all the same',
    engine: 'reports it as done, and takes nothing back',
    trouble: swapPoll(breaks('ETIMEDOUT')),
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
    trouble: swapPoll(says(appServiceError(404, 'NotFound', 'Cannot find Operation with id 1.'))),
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
    trouble: swapPost(times(1, says({ ...plain(429, ''), headers: { 'retry-after': '40' } }))),
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

export const doubtRows: readonly Row[] = [...swapped, ...throttles];

function failsPing(becomes: Twist['becomes']): Trouble {
  return {
    ...swapPoll(becomes),
    faults: [
      {
        when: { request: 'POST */slotsswap', site: 'neu', occurrence: 1 },
        // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
        then: { swap: { failAt: 'warmup', as: 'ping' } },
      },
    ],
  };
}
