/** azure-platform.md §2.2: what an SCM site answers to a package. */
import { expect } from '@jest/globals';
import type { Row } from './row.ts';
import { linux, scm, settles, upload } from './spots.ts';
import { changes, doesAndSays, html, plain, says, times } from './twists.ts';

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
      const looks = sent.filter(({ method, origin }) => method === 'GET' && origin.includes(scm));
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
          host: scm,
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
    trouble: { twists: [{ on: '* /api/*', host: scm, becomes: says(forbidden) }] },
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
      twists: [{ on: '* /api/*', host: scm, becomes: times(3, says(html(503, 'Site Unavailable', '503'))) }],
    },
    ...settles,
  },
];

export const uploadRows: readonly Row[] = [...accepted, ...refusedUploads];
