/** azure-platform.md §2.4: what an SCM site tells of a deployment, and when that is a verdict. */
import { expect } from '@jest/globals';
import type { Row } from './row.ts';
import { records, scm, settles } from './spots.ts';
import { answer, breaks, changes, changesJson, says, times } from './twists.ts';

/** Ended deployments end so instead; those that run are left alone. */
const endsAs = (status: number, more: object = {}) =>
  records(
    changesJson((record) =>
      record['complete'] === true && record['message'] !== 'before'
        ? { ...record, status, provisioningState: 'Failed', active: false, ...more }
        : record,
    ),
  );

export const verdictRows: readonly Row[] = [
  {
    section: '§2.4',
    azure: '404 «Deployment not found» before the first record is there',
    engine: 'waits for the record',
    trouble: records(times(9, says({ status: 404, body: '{"Message":"Deployment \'latest\' not found."}' }))),
    ...settles,
  },
  {
    section: '§2.4',
    azure: 'the record is temporary, with an id that is never found again',
    engine: 'follows the permanent id once it is there',
    trouble: { twists: [], site: { os: 'windows' } },
    ...settles,
    holds: ({ sent }) => {
      const asked = sent.flatMap(({ path }) => /^\/api\/deployments\/([^/?]+)$/.exec(path)?.[1] ?? []);
      expect(asked.filter((id) => id.startsWith('temp-'))).toEqual([]);
      expect(asked.some((id) => /^[0-9a-f]{40}$/.test(id))).toBe(true);
    },
  },
  ...([0, 1, 2] as const).map(
    (status): Row => ({
      section: '§2.4 · peers',
      azure: `200 with status ${status} (${['pending', 'building', 'deploying'][status]}) for as long as anybody looks`,
      engine: 'is not fooled by the code: bounded, never green, told with the last state',
      trouble: endsAs(status, { complete: false }),
      concludes: ['transient deployment-without-verdict'],
      outcome: 'refused',
      uploads: 1,
      reads: new RegExp(`last seen as "${['pending', 'building', 'deploying'][status]}"`),
    }),
  ),
  {
    section: '§2.4',
    azure: 'status 4 while `complete` is false',
    engine: 'waits until it is complete',
    trouble: records(
      changes((said, { nth }) =>
        nth < 20 ? { ...said, body: said.body.replaceAll('"complete":true', '"complete":false') } : said,
      ),
    ),
    ...settles,
  },
  {
    section: '§2.4',
    azure: 'status 3, failed, with a reason in the log',
    engine: 'refuses with the reason',
    trouble: {
      twists: [
        {
          on: 'GET /api/deployments/*/log',
          host: scm,
          becomes: says({
            body: '[{"message":"Deployment Failed.","type":2},{"message":"No space left on device","type":2}]',
          }),
        },
        ...(endsAs(3).twists ?? []),
      ],
    },
    concludes: ['refusal deployment-failed'],
    outcome: 'refused',
    reads: /ended as "failed": Deployment Failed\. · No space left on device/,
  },
  ...(
    [
      [-1, 'cancelled'],
      [6, 'partial success'],
    ] as const
  ).map(
    ([status, name]): Row => ({
      section: '§2.4 · peers',
      azure: `status ${status}, ${name}`,
      engine: 'refuses: peers hang on it, or call it success',
      trouble: endsAs(status),
      concludes: ['refusal deployment-failed'],
      outcome: 'refused',
      reads: new RegExp(`ended as "${name}"`),
    }),
  ),
  {
    section: '§2.4 · peers',
    azure: 'status 5, conflict, for the first deployment',
    engine: 'sends again, and is content with the second',
    trouble: records(
      changesJson(
        ((first: unknown) => (record: Record<string, unknown>) => {
          if (record['complete'] === true) first ??= record['id'];
          return record['id'] === first ? { ...record, status: 5, active: false } : record;
        })(undefined),
      ),
    ),
    concludes: ['transient deployment-conflict'],
    outcome: 'settled',
    uploads: 2,
    reads: /waiting: .*met another one \("conflict"\)/,
  },
  {
    section: '§2.4',
    azure: 'status 9, which nobody has documented',
    engine: 'unknown is never green',
    trouble: endsAs(9),
    concludes: ['transient deployment-without-verdict'],
    outcome: 'refused',
    reads: /last seen as "status 9"/,
  },
  {
    section: '§2.4',
    azure: '`latest` is 202 with Location and Retry-After while it runs; the id is 200 all the while',
    engine: 'decides on the body',
    trouble: records(changes((said, { nth }) => (nth % 2 === 0 ? said : { ...said, status: 202 }))),
    ...settles,
  },
  {
    section: '§2.4',
    azure: 'the record is lost while the SCM worker restarts, and comes back',
    engine: 'looks on',
    trouble: records((passing) =>
      passing.nth > 6 && passing.nth < 12
        ? Promise.resolve(answer({ status: 404, body: '{"Message":"not found"}' }))
        : passing.pass(),
    ),
    ...settles,
  },
  {
    section: '§2.4',
    azure: '`{}` and an empty body instead of a record',
    engine: 'looks on',
    trouble: records((passing) =>
      passing.nth > 6 && passing.nth < 12
        ? Promise.resolve(answer({ body: passing.nth % 2 === 0 ? '{}' : '' }))
        : passing.pass(),
    ),
    ...settles,
  },
  {
    section: '§2.4',
    azure: 'the connection breaks at every third look',
    engine: 'looks on',
    trouble: records((passing) => (passing.nth % 3 === 0 ? breaks('ECONNRESET')(passing) : passing.pass())),
    ...settles,
  },
];
