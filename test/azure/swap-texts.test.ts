/** Every failure of azure-platform.md §3.4: what the answer to a swap means, and what the engine does then. */
import { describe, expect, it } from '@jest/globals';
import { classify } from '../../src/azure/classify.ts';
import { AnswerError, readErrorFacts } from '../../src/azure/error-facts.ts';
import { type SwapAction, swapTexts } from '../../src/azure/swap-texts.ts';

const asked = { act: 'swap', what: 'swap x/staging', where: 'weu', site: 'x' } as const;
const busy = (what: string, site: string) =>
  `Cannot modify this ${what} because another operation is in progress. Details: Id: 1, OperationName: SwapSiteSlots, SiteName: ${site}, SlotName: staging`;

type Row = readonly [
  text: string,
  statuses: readonly number[],
  action: SwapAction | null,
  code: string,
  means: { readonly kind: string; readonly retryLimit?: number },
];

const rows: readonly Row[] = [
  [
    "Cannot swap site slots for site 'x' because the 'staging' slot did not respond to http ping.",
    [417],
    'retry-once',
    'swap-ping-failed',
    { kind: 'transient', retryLimit: 1 },
  ],
  [
    "Cannot swap slots for site 'x' because the worker process for 'staging' slot could not be started.",
    [400],
    'retry-once',
    'swap-worker-not-started',
    { kind: 'transient', retryLimit: 1 },
  ],
  [
    "Cannot swap slots for site 'x' because the application initialization in 'staging' slot either took too long or failed. Please check AppInit module configuration or try using swap with preview if application initialization time is very long.",
    [400],
    'refuse',
    'swap-initialization-failed',
    { kind: 'refusal' },
  ],
  [
    "Cannot swap slots for site 'x' because the warmup requests to application in 'staging' slot have timed out.",
    [400, 409, 417, 500],
    'refuse',
    'swap-warmup-timed-out',
    { kind: 'refusal' },
  ],
  [
    "Cannot swap slots for site 'x' because the allocation of VM instances for 'staging' slot has changed during the swap process. Please retry the swap operation.",
    [400],
    'retry',
    'swap-instances-changed',
    { kind: 'transient' },
  ],
  [
    "There was an unexpected error swapping slots 'staging' and 'Production' for site 'x(staging)'. Please try to cancel your swap operation.",
    [500],
    'look-and-reset',
    'swap-outcome-unknown',
    { kind: 'doubt' },
  ],
  [busy('site', 'x'), [409], 'wait-and-look', 'operation-in-progress', { kind: 'doubt' }],
  [busy('web hosting plan', 'x'), [409, 429], 'wait-and-look', 'operation-in-progress', { kind: 'doubt' }],
  [
    busy('web hosting plan', 'neighbour'),
    [409, 429],
    'wait-and-look',
    'operation-in-progress',
    { kind: 'transient' },
  ],
  [
    'The slot cannot be changed because its configuration settings have been prepared for swap.',
    [409],
    'look-and-reset',
    'slot-prepared',
    { kind: 'doubt' },
  ],
  [
    "Cannot apply configuration from slot 'Production' because this slot has already been prepared for swap with slot 'staging'.",
    [400, 409],
    'look-and-reset',
    'slot-prepared',
    { kind: 'doubt' },
  ],
  [
    'Swap with Preview cannot be used when one of the slots has site authentication enabled.',
    [400, 409],
    'refuse',
    'swap-not-possible',
    { kind: 'refusal' },
  ],
  [
    'There was a conflict. SiteConfig.PublicNetworkAccess cannot be modified. Please modify the Site.PublicNetworkAccess property.',
    [409],
    'refuse',
    'network-access-conflict',
    { kind: 'refusal' },
  ],
  [
    "The Resource 'Microsoft.Web/sites/x/slots/staging' was not found.",
    [404],
    null,
    'not-found',
    { kind: 'refusal' },
  ],
];

/** App Service's PascalCase, ARM's own form, a bare message, and plain text: the words count, not the clothes. */
const dialects: Readonly<Record<string, (message: string) => string>> = {
  'App Service': (Message) =>
    JSON.stringify({ Code: 'x', Message, Target: null, Details: [{ Message }], Innererror: null }),
  ARM: (message) => JSON.stringify({ error: { code: 'x', message } }),
  'a message alone': (Message) => JSON.stringify({ Message }),
  text: (message) => message,
};

const cases = rows.flatMap(([text, statuses, , code, means]) =>
  statuses.flatMap((status) =>
    Object.entries(dialects).map(([dialect, write]) => ({ text, status, dialect, write, code, means })),
  ),
);

describe('what a swap is answered with', () => {
  it.each(cases)('$status in $dialect: $text', ({ text, status, write, code, means }) => {
    const facts = readErrorFacts({ status, reason: '', headers: {}, body: write(text) }, 0);
    const error = classify(new AnswerError(facts), asked);
    expect({ kind: error.kind, code: error.code, retryLimit: error.retryLimit }).toEqual({
      kind: means.kind,
      code,
      retryLimit: means.retryLimit,
    });
    expect(error.message).toContain(text.slice(0, 60));
  });

  it.each(rows)('%s has one row, and its action', (text, _statuses, action) => {
    const matching = swapTexts.filter((row) => row.text.test(text));
    expect(matching.map((row) => row.action)).toEqual(action === null ? [] : [action]);
  });

  it('has a case for every row', () => {
    const unused = swapTexts.filter((row) => !rows.some(([text]) => row.text.test(text)));
    expect(unused).toEqual([]);
  });
});
