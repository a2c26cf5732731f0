/** azure-platform.md §3.4: every failure text of a swap, in the dialect in which it comes. */
import { expect } from '@jest/globals';
import type { Travelled, Trouble } from './road.ts';
import { type Row, swapped } from './row.ts';
import { appServiceError, armError, html, plain, says, times } from './twists.ts';
import type { Twist } from './wire.ts';

const ping = "Cannot swap site slots for site 'neu' because the 'staging' slot did not respond to http ping.";
const inProgress = (what: string, site: string) =>
  `Cannot modify this ${what} because another operation is in progress. Details: Id: 6c1a, OperationName: SwapSiteSlots, CreatedTime: 9/20/2019 11:04:18 AM, WebSystemName: websites, SubscriptionName: s, WebspaceName: g-NorthEuropewebspace, SiteName: ${site}, SlotName: staging, ServerFarmName: , GeoOperationId: (null)`;

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
/** What the POST itself is answered. */
const post = (becomes: Twist['becomes']): Trouble => ({
  twists: [{ on: 'POST */sites/neu/slots/staging/slotsswap', becomes }],
});

/** Nothing of neu's ever moved, and weu is back where it was. */
function tookBack({ live, swaps }: Travelled): void {
  expect(live['weu']).toBe(live['neu']);
  expect(live['weu']).toMatch(/^r-old/);
  expect(swaps).toEqual({ weu: 2, neu: 0 });
}
function movedOnce({ live, swaps }: Travelled): void {
  expect(live['neu']).toMatch(/^r-new/);
  expect(swaps).toEqual({ weu: 1, neu: 1 });
}

const failed: readonly Row[] = [
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

const conflicts: readonly Row[] = [
  {
    section: '§3.4',
    azure: '409: another operation is in progress on this site, OperationName: SwapSiteSlots',
    engine: 'it may be our own: looks until it is certain that nothing happened, then asks once more',
    trouble: post(times(1, says(appServiceError(409, 'Conflict', inProgress('site', 'neu'))))),
    concludes: ['doubt operation-in-progress'],
    outcome: 'settled',
    swaps: 2,
    reads: /in doubt, so it is not repeated; looking\. .*another operation is in progress/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure: '409: another operation is in progress on this web hosting plan, by a neighbour',
    engine: 'cannot be ours: waits, and asks again',
    trouble: post(times(2, says(appServiceError(409, 'Conflict', inProgress('web hosting plan', 'other'))))),
    concludes: ['transient operation-in-progress'],
    outcome: 'settled',
    swaps: 3,
    reads: /Settled/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure: '429 with the plan’s text',
    engine: 'waits, and asks again',
    trouble: post(
      times(1, says(appServiceError(429, 'TooManyRequests', inProgress('web hosting plan', 'other')))),
    ),
    concludes: ['transient operation-in-progress'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure:
      '409: «The slot cannot be changed because its configuration settings have been prepared for swap.»',
    engine: 'a swap of our own would prepare it too: looks, then asks once more',
    trouble: post(
      times(
        1,
        says(
          appServiceError(
            409,
            'Conflict',
            'The slot cannot be changed because its configuration settings have been prepared for swap.',
          ),
        ),
      ),
    ),
    concludes: ['doubt slot-prepared'],
    outcome: 'settled',
    swaps: 2,
    reads: /prepared for swap/,
    holds: movedOnce,
  },
  {
    section: '§3.4',
    azure:
      '409: «Cannot apply configuration from slot … because this slot has already been prepared for swap»',
    engine: 'a swap of our own would prepare it too: looks, then asks once more',
    trouble: post(
      times(
        1,
        says(
          appServiceError(
            409,
            'Conflict',
            "Cannot apply configuration from slot 'Production' because this slot has already been prepared for swap with slot 'other'.",
          ),
        ),
      ),
    ),
    concludes: ['doubt slot-prepared'],
    outcome: 'settled',
    swaps: 2,
    reads: /already been prepared for swap/,
    holds: movedOnce,
  },
];

const refusals: readonly Row[] = [
  {
    section: '§3.4',
    azure: '409: «Swap with Preview cannot be used when one of the slots has site authentication enabled.»',
    engine: 'takes back: asking again changes nothing',
    trouble: post(
      says(
        appServiceError(
          409,
          'Conflict',
          'Swap with Preview cannot be used when one of the slots has site authentication enabled.',
        ),
      ),
    ),
    concludes: ['refusal swap-not-possible'],
    outcome: 'rolled-back',
    swaps: 1,
    reads: /site authentication enabled/,
    holds: tookBack,
  },
  {
    section: '§3.4',
    azure: '409: «SiteConfig.PublicNetworkAccess cannot be modified», when settings are written',
    engine: 'refuses before anything moved',
    trouble: {
      twists: [
        {
          on: 'PUT */slots/staging/config/appsettings',
          becomes: says(
            appServiceError(
              409,
              'Conflict',
              'There was a conflict. SiteConfig.PublicNetworkAccess cannot be modified. Please modify the Site.PublicNetworkAccess property.',
            ),
          ),
        },
      ],
    },
    concludes: ['refusal network-access-conflict'],
    outcome: 'refused',
    uploads: 0,
    reads: /PublicNetworkAccess cannot be modified/,
  },
  {
    section: '§3.4',
    azure: '404: the slot is gone',
    engine: 'takes back: asking again changes nothing',
    trouble: post(
      says(
        armError(
          404,
          'ResourceNotFound',
          "The Resource 'Microsoft.Web/sites/neu/slots/staging' under resource group 'slotwave' was not found.",
        ),
      ),
    ),
    concludes: ['refusal not-found'],
    outcome: 'rolled-back',
    swaps: 1,
    reads: /404 ResourceNotFound.*Check name, resource group, slot and subscription/,
    holds: tookBack,
  },
  {
    section: '§3.4',
    azure: '403 AuthorizationFailed',
    engine: 'takes back, and names the action and the scope',
    trouble: post(
      says(
        armError(
          403,
          'AuthorizationFailed',
          "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Web/sites/slots/slotsswap/action' over scope '/subscriptions/s/resourceGroups/slotwave/providers/Microsoft.Web/sites/neu/slots/staging' or the scope is invalid. If access was recently granted, please refresh your credentials.",
        ),
      ),
    ),
    concludes: ['refusal permission-missing'],
    outcome: 'rolled-back',
    swaps: 1,
    reads:
      /Give this identity a role with Microsoft\.Web\/sites\/slots\/slotsswap\/action on \/subscriptions\/s/,
    holds: tookBack,
  },
  {
    section: '§3.4',
    azure: '409 ScopeLocked',
    engine: 'takes back, and says that a lock forbids it',
    trouble: post(
      says(
        armError(
          409,
          'ScopeLocked',
          "The scope '/subscriptions/s/resourceGroups/slotwave' cannot perform write operation because following scope(s) are locked.",
        ),
      ),
    ),
    concludes: ['refusal resource-locked'],
    outcome: 'rolled-back',
    swaps: 1,
    reads: /A lock on this resource, its group or its subscription forbids changes/,
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
    trouble: post(times(1, says(said))),
    concludes: ['transient swap-ping-failed'],
    outcome: 'settled',
    swaps: 2,
    reads: /Settled/,
    holds: movedOnce,
  }),
);

export const swapRows: readonly Row[] = [...failed, ...conflicts, ...refusals, ...dialects];
