/** azure-platform.md §3.4: how Azure says no when it is asked for a swap, or for what comes before it. */
import type { Row } from './row.ts';
import { movedOnce, swapPost, tookBack } from './spots.ts';
import { appServiceError, armError, says, times } from './twists.ts';

const inProgress = (what: string, site: string) =>
  `Cannot modify this ${what} because another operation is in progress. Details: Id: 6c1a, OperationName: SwapSiteSlots, CreatedTime: 9/20/2019 11:04:18 AM, WebSystemName: websites, SubscriptionName: s, WebspaceName: g-NorthEuropewebspace, SiteName: ${site}, SlotName: staging, ServerFarmName: , GeoOperationId: (null)`;

const conflicts: readonly Row[] = [
  {
    section: '§3.4',
    azure: '409: another operation is in progress on this site, OperationName: SwapSiteSlots',
    engine: 'it may be our own: looks until it is certain that nothing happened, then asks once more',
    trouble: swapPost(times(1, says(appServiceError(409, 'Conflict', inProgress('site', 'neu'))))),
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
    trouble: swapPost(
      times(2, says(appServiceError(409, 'Conflict', inProgress('web hosting plan', 'other')))),
    ),
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
    trouble: swapPost(
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
    trouble: swapPost(
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
    trouble: swapPost(
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
    trouble: swapPost(
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
    trouble: swapPost(
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
    trouble: swapPost(
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
    trouble: swapPost(
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

export const swapRefusalRows: readonly Row[] = [...conflicts, ...refusals];
