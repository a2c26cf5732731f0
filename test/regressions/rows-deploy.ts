/** azure-platform.md §2.2 and §2.4: what an SCM site answers to a package, and tells of its deployment. */
import { expect } from '@jest/globals';
import type { Travelled, Trouble } from './road.ts';
import type { Row } from './row.ts';
import { answer, breaks, changes, changesJson, doesAndSays, html, plain, says, times } from './twists.ts';
import type { Twist } from './wire.ts';

const host = 'weu-staging.scm.';
const upload = (becomes: Twist['becomes']): Trouble => ({ twists: [{ on: 'POST /api/*', host, becomes }] });
const records = (becomes: Twist['becomes']): Trouble => ({
  twists: [{ on: 'GET /api/deployments*', host, becomes }],
});
const linux = (trouble: Trouble): Trouble => ({ ...trouble, site: { os: 'linux' } });

const busy = plain(409, 'There is a deployment currently in progress. Please try again when it completes.');
const autoSwap = plain(
  409,
  'There is an auto swap deployment currently ongoing please try again when it completes.',
);
const locked = plain(
  409,
  "The 'Preparing zip package' operation conflicts with the pending 'Performing continuous deployment' operation started at 1/2/2024 3:04:05 AM.  Please retry operation later.",
);
const remote =
  'Run-From-Zip is set to a remote URL using WEBSITE_USE_ZIP app setting. Deployment is not supported in this configuration.';
const forbidden = html(
  403,
  'Ip Forbidden',
  '<h1>Error 403 - Forbidden</h1><p>The web app you have attempted to reach has blocked your access.</p>',
);

/** Ended deployments end so instead; those that run are left alone. */
const endsAs = (status: number, more: object = {}) =>
  records(
    changesJson((record) =>
      record['complete'] === true && record['message'] !== 'before'
        ? { ...record, status, provisioningState: 'Failed', active: false, ...more }
        : record,
    ),
  );

const settles = { outcome: 'settled', concludes: [], reads: /Settled/ } as const;

const accepted: readonly Row[] = [
  {
    section: '§2.2',
    azure: 'Windows takes the zip: 202, empty body, Location on https, Retry-After: 30',
    engine: 'follows it',
    trouble: {},
    ...settles,
    holds: ({ sent }) =>
      expect(sent.some(({ path }) => path.startsWith('/api/zipdeploy?isAsync=true'))).toBe(true),
  },
  {
    section: '§2.2',
    azure: 'Linux takes the zip: 202, no Retry-After, Location on http://host:80',
    engine: 'asks the same path on the https origin; the token goes nowhere else',
    trouble: linux({}),
    ...settles,
    holds: ({ sent }) => expect(sent.some(({ path }) => path.startsWith('/api/publish?type=zip'))).toBe(true),
  },
  {
    section: '§2.2',
    azure: 'Location leads to another origin altogether',
    engine: 'never goes there',
    trouble: upload(
      changes((said) => ({
        ...said,
        headers: { ...said.headers, location: 'https://evil.example/api/deployments/latest' },
      })),
    ),
    ...settles,
  },
  {
    section: '§2.2 · peers',
    azure: 'the synchronous answer: 200, empty body, no Location',
    engine: 'believes the record, not the answer',
    trouble: upload(doesAndSays({ status: 200 })),
    ...settles,
  },
  {
    section: '§2.2',
    azure: 'ARRAffinity: several instances serve the SCM site',
    engine: 'stays on the instance that took the package',
    trouble: linux({}),
    ...settles,
    holds: ({ sent }) => {
      const looks = sent.filter(({ method, origin }) => method === 'GET' && origin.includes(host));
      expect(looks.at(-1)?.headers['cookie']).toMatch(/ARRAffinity=\w+/);
    },
  },
];

const refusedUploads: readonly Row[] = [
  {
    section: '§2.2',
    azure: '409, plain text: a deployment is currently in progress; three times',
    engine: 'waits, and sends again',
    trouble: upload(times(3, says(busy))),
    ...settles,
    uploads: 4,
  },
  {
    section: '§2.2',
    azure: '409, the same as a JSON string (KuduLite, by Accept)',
    engine: 'waits, and sends again',
    trouble: linux(upload(times(1, says({ status: 409, body: JSON.stringify(busy.body) })))),
    ...settles,
    uploads: 2,
  },
  {
    section: '§2.2',
    azure: '409: an auto swap deployment is ongoing',
    engine: 'waits, and sends again',
    trouble: upload(times(2, says(autoSwap))),
    ...settles,
    uploads: 3,
  },
  {
    section: '§2.2',
    azure: '409: a file lock, «conflicts with the pending … operation»',
    engine: 'waits, and sends again',
    trouble: upload(times(1, says(locked))),
    ...settles,
    uploads: 2,
  },
  {
    section: '§2.2',
    azure: '409: the package is a remote URL',
    engine: 'refuses: waiting changes nothing',
    trouble: upload(says(plain(409, remote))),
    concludes: ['refusal package-is-remote'],
    outcome: 'refused',
    reads: /Set WEBSITE_RUN_FROM_PACKAGE to 1 on this slot, or remove it/,
  },
  {
    section: '§2.2',
    azure: '401, WWW-Authenticate: Basic realm="site"',
    engine: 'refuses before a byte of the package is sent',
    trouble: {
      twists: [
        {
          on: '* /api/*',
          host,
          becomes: says({ status: 401, headers: { 'www-authenticate': 'Basic realm="site"' } }),
        },
      ],
    },
    concludes: ['refusal credential-refused'],
    outcome: 'refused',
    uploads: 0,
    reads: /Azure does not accept this token|basic/i,
  },
  {
    section: '§2.2',
    azure: '403 «Ip Forbidden», a page',
    engine: 'refuses before a byte is sent, and names the network',
    trouble: { twists: [{ on: '* /api/*', host, becomes: says(forbidden) }] },
    concludes: ['refusal network-forbidden'],
    outcome: 'refused',
    uploads: 0,
    reads: /403 Ip Forbidden.*a self-hosted runner in the VNet/,
  },
  {
    section: '§2.2',
    azure: '400: ZipDeploy Validation ERROR',
    engine: 'refuses with its words',
    trouble: upload(says(plain(400, 'ZipDeploy Validation ERROR: host.json is missing'))),
    concludes: ['refusal azure-refused'],
    outcome: 'refused',
    reads: /ZipDeploy Validation ERROR: host\.json is missing/,
  },
  {
    section: '§2.2',
    azure: '413: the zip is larger than 2048 MB',
    engine: 'refuses',
    trouble: upload(says(plain(413, 'The page was not displayed because the request entity is too large.'))),
    concludes: ['refusal azure-refused'],
    outcome: 'refused',
    reads: /413.*too large/,
  },
  {
    section: '§2.2',
    azure: '500 although the zip was taken',
    engine: 'looks for the deployment, finds it, and does not send again',
    trouble: upload(doesAndSays(plain(500, 'An error has occurred.'))),
    ...settles,
  },
  {
    section: '§2.2',
    azure: '500 with the text of a failure, and nothing was taken; once',
    engine: 'looks for the deployment, finds none, and sends again',
    trouble: upload(times(1, says(plain(500, 'Package deployment failed')))),
    ...settles,
    uploads: 2,
  },
  {
    section: '§2.2',
    azure: '503 «Site Unavailable»: the SCM site is cold',
    engine: 'looks until it is up, and then sends',
    trouble: {
      twists: [{ on: '* /api/*', host, becomes: times(3, says(html(503, 'Site Unavailable', '503'))) }],
    },
    ...settles,
  },
];

const verdicts: readonly Row[] = [
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
          host,
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

export const deployRows: readonly Row[] = [...accepted, ...refusedUploads, ...verdicts];

/** Law of every row: whoever else is talked to, the token stays with ARM, login, SCM sites and apps of this world. */
export function strangersOf({ sent }: Travelled): readonly string[] {
  const own = /^https:\/\/(localhost|[a-z0-9-]+(\.scm)?\.azurewebsites\.localhost)$/;
  return [...new Set(sent.map(({ origin }) => origin).filter((origin) => !own.test(origin)))];
}
