/**
 * azure-platform.md §2.7. Flex Consumption is not served yet: it is refused by name. Its dialect of `publish` is met
 * all the same: other plans share the door, and nothing of it may be taken for a success.
 */
import { expect } from '@jest/globals';
import type { Trouble } from './road.ts';
import type { Row } from './row.ts';
import { answer, changesJson, doesAndSays, html, plain, says, times } from './twists.ts';
import type { Twist } from './wire.ts';

const host = 'weu-staging.scm.';
const linux = (on: string, becomes: Twist['becomes']): Trouble => ({
  site: { os: 'linux' },
  twists: [{ on, host, becomes }],
});
const flexible = changesJson((resource) => {
  const properties = resource['properties'] as Readonly<Record<string, unknown>>;
  const sku = { name: 'FC1', tier: 'FlexConsumption', size: 'FC1', family: 'FC', capacity: 0 };
  return 'sku' in resource
    ? { ...resource, kind: 'functionapp', sku }
    : { ...resource, properties: { ...properties, sku: 'FlexConsumption' } };
});

export const flexRows: readonly Row[] = [
  {
    section: '§2.7',
    azure: 'the plan is FC1, Flex Consumption',
    engine: 'refuses it by name before anything is sent',
    trouble: {
      twists: [
        { on: 'GET */serverfarms/*', becomes: flexible },
        { on: 'GET */sites/weu', becomes: flexible },
        { on: 'GET */sites/neu', becomes: flexible },
      ],
    },
    concludes: [],
    outcome: 'not begun',
    uploads: 0,
    swaps: 0,
    reads: /Flex Consumption plan, which has no deployment slots and is not supported yet/,
    holds: ({ sent }) => expect(sent.filter(({ method }) => method === 'PUT')).toEqual([]),
  },
  {
    section: '§2.7',
    azure: '202 with the id as a JSON string, and no Location',
    engine: 'finds the record in the list',
    trouble: linux(
      'POST /api/publish',
      doesAndSays({ status: 202, body: '"0f8fad5b-d9cb-469f-a165-70867728950e"' }),
    ),
    concludes: [],
    outcome: 'settled',
    reads: /Settled/,
  },
  {
    section: '§2.7',
    azure: 'after one good look 404 for ever: the worker was recycled',
    engine: 'does not assume that it is done, as azd does: bounded, never green',
    trouble: linux('GET /api/deployments*', async ({ nth, pass }) =>
      nth < 8 ? pass() : answer({ status: 404, body: '{"Message":"not found"}' }),
    ),
    concludes: ['transient deployment-without-verdict'],
    outcome: 'refused',
    // How often depends on the deadlines; that it ends does not.
    uploads: [1, 12],
    reads: /did not come to a verdict and has no record any more/,
  },
  {
    section: '§2.7',
    azure: 'status 6 with «Kudu has been restarted after package deployed»',
    engine: 'partial is not a success',
    trouble: linux(
      'GET /api/deployments*',
      changesJson((record) =>
        record['complete'] === true
          ? {
              ...record,
              status: 6,
              status_text: '[KuduSpecializer] Kudu has been restarted after package deployed',
            }
          : record,
      ),
    ),
    concludes: ['refusal deployment-failed'],
    outcome: 'refused',
    reads: /partial success/,
  },
  {
    section: '§2.7',
    azure: 'the publish meets its storage: «Azure Storage responded with Forbidden … 403»',
    engine: 'nothing was taken: it looks, tries again, and is refused in the end with these words',
    trouble: linux(
      'POST /api/publish',
      says(plain(400, 'Failed to upload because Azure Storage responded with Forbidden. 403')),
    ),
    concludes: ['refusal azure-refused'],
    outcome: 'refused',
    reads: /Azure Storage responded with Forbidden/,
  },
  {
    section: '§2.7',
    azure: 'the publish meets its storage: «The specified container does not exist.»',
    engine: 'nothing was taken: it looks, tries again, and is refused in the end with these words',
    trouble: linux('POST /api/publish', says(plain(400, 'The specified container does not exist.'))),
    concludes: ['refusal azure-refused'],
    outcome: 'refused',
    reads: /The specified container does not exist/,
  },
  {
    section: '§2.7',
    azure: '503 «Site Unavailable» to the publish itself, once',
    engine: 'looks for a deployment, finds none, and sends again',
    trouble: linux('POST /api/publish', times(1, says(html(503, 'Site Unavailable', 'Site Unavailable')))),
    concludes: [],
    outcome: 'settled',
    uploads: 2,
    reads: /Settled/,
  },
];
