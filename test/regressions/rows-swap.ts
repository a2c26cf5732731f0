/** azure-platform.md §3.4: how a swap fails that was accepted, and in which dialects that is told. */
import { expect } from '@jest/globals';
import type { Trouble } from './road.ts';
import { type Row, swapped } from './row.ts';
import { movedOnce, swapPost, tookBack } from './spots.ts';
import { appServiceError, armError, html, plain, says, times } from './twists.ts';

const ping = "Cannot swap site slots for site 'neu' because the 'staging' slot did not respond to http ping.";
/** What comes back from the poll URL; the POST was accepted. As often as said, or always. */
const fails = (
  as: 'ping' | 'worker' | 'initialization' | 'timeout' | 'allocation' | 'unexpected',
  nth?: number,
): Trouble => ({
  faults: [
    {
      when: { request: 'POST */slotsswap', site: swapped, ...(nth === undefined ? {} : { occurrence: nth }) },
      // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
      then: { swap: { failAt: 'warmup', as } },
    },
  ],
});
const failed: readonly Row[] = [
  {
    section: '§3.2',
    azure: 'the swap succeeds, and 5 s later Azure takes it back by itself',
    engine: 'halts, says both that it may have been, and asks for nothing more',
    trouble: {
      faults: [
        // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
        { when: { request: 'POST */slotsswap', site: swapped }, then: { operation: { takenBack: '5s' } } },
      ],
    },
    concludes: [],
    outcome: 'halted',
    swaps: 1,
    reads: /neu: Azure took the swap back, or somebody swapped/,
    holds: ({ live, entries }) => {
      expect([live['weu'], live['neu']]).toEqual([
        expect.stringMatching(/^r-new/),
        expect.stringMatching(/^r-old/),
      ]);
      expect(entries.find(({ type }) => type === 'target.drifted')).toMatchObject({ how: 'taken-back' });
    },
  },
  {
    section: '§3.4',
    azure: '417 at the poll: «did not respond to http ping»; once',
    engine: 'looks at the slot again, asks once more, and it goes through',
    trouble: fails('ping', 1),
    concludes: ['transient swap-ping-failed'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure: '417 at the poll, every time',
    engine: 'one retry, then it gives up, and takes back what had moved before',
    trouble: fails('ping'),
    concludes: ['transient swap-ping-failed'],
    outcome: 'rolled-back',
    swaps: 2,
    reads:
      /promotion failed\. .*417.*did not respond to http ping.*Look at the log stream of the staging slot/,
    holds: tookBack,
  },
  {
    section: '§3.4',
    azure: '400: «the worker process … could not be started»; once',
    engine: 'asks once more',
    trouble: fails('worker', 1),
    concludes: ['transient swap-worker-not-started'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure: '400: «the worker process … could not be started», every time',
    engine: 'one retry, then it gives up, and takes back what had moved before',
    trouble: fails('worker'),
    concludes: ['transient swap-worker-not-started'],
    outcome: 'rolled-back',
    swaps: 2,
    reads: /worker process for 'staging' slot could not be started/,
    holds: tookBack,
  },
  {
    section: '§3.4',
    azure: '400: «the application initialization … either took too long or failed»',
    engine: 'the app is at fault: not asked again, taken back',
    trouble: fails('initialization'),
    concludes: ['refusal swap-initialization-failed'],
    outcome: 'rolled-back',
    swaps: 1,
    reads: /application initialization in 'staging' slot either took too long or failed/,
    holds: tookBack,
  },
  {
    section: '§3.4',
    azure: '400: «the warmup requests … have timed out»',
    engine: 'the app is at fault: not asked again, taken back',
    trouble: fails('timeout'),
    concludes: ['refusal swap-warmup-timed-out'],
    outcome: 'rolled-back',
    swaps: 1,
    reads: /warmup requests to application in 'staging' slot have timed out/,
    holds: tookBack,
  },
  {
    section: '§3.4',
    azure: '400: «the allocation of VM instances … has changed»; once',
    engine: 'does what Azure says: retries',
    trouble: fails('allocation', 1),
    concludes: ['transient swap-instances-changed'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure: '500 at the poll, once: «There was an unexpected error swapping slots …»; the slot stays prepared',
    engine: 'nobody knows: looks, cancels what was left prepared, and asks once more',
    trouble: fails('unexpected', 1),
    concludes: ['doubt swap-outcome-unknown'],
    outcome: 'settled',
    swaps: 2,
    reads:
      /whether the promotion happened is in doubt, so it is not repeated.*unexpected error swapping slots/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure: '500 at the poll, every time; the slot stays prepared each time',
    engine: 'looks and cancels each time, gives up, and takes back what had moved before',
    trouble: fails('unexpected'),
    concludes: ['doubt swap-outcome-unknown'],
    outcome: 'rolled-back',
    swaps: 3,
    reads: /doubt settled by looking: the promotion did not happen/,
    holds: tookBack,
  },
];

/** The dialects of an error: the same text, worded by App Service, ARM, Kudu-like JSON, as text and as a page. */
const dialects: readonly Row[] = (
  [
    ['App Service’s PascalCase', appServiceError(417, 'ExpectationFailed', ping)],
    ['ARM’s {"error":{…}}', armError(417, 'ExpectationFailed', ping)],
    ['{"Message":…}', { status: 417, body: JSON.stringify({ Message: ping }) }],
    ['plain text', plain(417, ping)],
    ['a page of HTML', html(417, 'Expectation Failed', `<h1>417</h1><p>${ping}</p>`)],
  ] as const
).map(
  ([dialect, said]): Row => ({
    section: '§3.4',
    azure: `the error body is ${dialect}`,
    engine: 'reads the text in it',
    trouble: swapPost(times(1, says(said))),
    concludes: ['transient swap-ping-failed'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: movedOnce,
  }),
);

export const swapRows: readonly Row[] = [...failed, ...dialects];
