/** How each target is looked at, as slotwave.yml says it. */
import * as z from 'zod';
import { duration, limit, name, text, words } from './kinds.ts';
import { vantage } from './schema-vantage.ts';

const expectedBody = 'a text, a mapping or a list';
const expectedStatus = 'a whole number from 100 to 599, or a list of them';

const check = z
  .strictObject({
    name: name().describe(
      'What the check is called in readings. `host`, `functions`, `release`, `private`, `certificate`, `exposure` and `references` are taken.',
    ),
    method: z
      .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      .default('GET')
      .describe('The HTTP method.'),
    path: z
      .string({ error: 'a path that starts with "/"' })
      .regex(/^\/[\x21-\x7e]*$/, { error: 'a path that starts with "/", without spaces' })
      .describe("Path and query on the app's own host."),
    headers: words()
      .default({})
      .describe(
        'Request headers. `${env:NAME}` in a value stands for the environment variable NAME of whoever runs slotwave: the place for keys. Headers are in no plan, journal or log.',
      ),
    body: z
      .union(
        [
          z.string(),
          z.record(z.string(), z.json(), { error: expectedBody }),
          z.array(z.json(), { error: expectedBody }),
        ],
        { error: expectedBody },
      )
      .optional()
      .describe(
        'What is sent: a text as it stands, or a mapping or list, which is sent as JSON. `${env:NAME}` as in headers; in no plan, journal or log. Not with GET or HEAD. Choose a request that may be repeated: it is made with every look.',
      ),
    expect: z
      .strictObject({
        status: z
          .union([limit(100, 599), z.array(limit(100, 599)).min(1, { error: expectedStatus })], {
            error: expectedStatus,
          })
          .default(200)
          .describe(
            'The HTTP status of a good answer, or a list of those that are good. Redirects are not followed.',
          ),
        maxLatency: duration()
          .optional()
          .describe(
            'How long a good answer may take, from before the connection is made until all of it is there. Every look makes a connection of its own.',
          ),
        json: z
          .record(
            text(),
            z.union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' }),
            { error: 'a mapping of paths to values' },
          )
          .optional()
          .describe(
            'Dotted paths in the JSON answer and the value each must have. `{releaseId}` stands for the release that should answer.',
          ),
        text: text()
          .optional()
          .describe(
            'Text that the answer must contain. `{releaseId}` stands for the release that should answer.',
          ),
      })
      .prefault({})
      .describe('What a good answer is.'),
  })
  .describe('One HTTP request to the app.');

/** A name or an address, and nothing that a shell or a URL would read as more. */
const hostPattern =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/;
const expectedHost = 'a host name or an IPv4 address';

export const probes = z
  .strictObject({
    vantage: vantage
      .prefault({})
      .describe(
        'From where every target is looked at, and how the package gets there, unless a target says otherwise.',
      ),
    requirePrivate: z
      .boolean()
      .default(false)
      .describe(
        'Whether an answer over a public address counts as unhealthy (`PUBLIC_ANSWER`). One over an address that nobody tells, as behind a proxy that the environment names, counts as no answer. Not with `via: proxy` or `arm`, which never see the address.',
      ),
    exposure: z
      .union(
        [
          z.enum(['any', 'closed']),
          z.strictObject({
            expect: z.literal('closed').describe('`closed`: the public way answers 403 Ip Forbidden.'),
            from: vantage.describe(
              'The public way: a vantage that stands outside, such as `dns` with public servers, or a proxy on the internet.',
            ),
          }),
        ],
        { error: 'any, closed, or a mapping with `expect` and `from`' },
      )
      .default('any')
      .describe(
        '`closed`: once a release is live, the public way to it must answer 403 Ip Forbidden; any other answer is unhealthy (`EXPOSED`). Where it cannot be tried, that is said and nothing fails.',
      ),
    certificate: z
      .strictObject({
        daysLeft: limit(0, 3_650)
          .default(14)
          .describe("How many days the server's certificate must still be valid."),
      })
      .optional()
      .describe("Asks how long the server's certificate is valid. Default: not asked."),
    dependencies: z
      .array(
        z
          .strictObject({
            host: z
              .string({ error: expectedHost })
              .regex(hostPattern, { error: expectedHost })
              .describe('A host name or an IPv4 address.'),
            port: limit(1, 65_535).describe('The TCP port.'),
          })
          .describe('A host and port that the app needs.'),
      )
      .max(20, { error: 'at most 20 of them' })
      .default([])
      .describe(
        'What the staging slot itself must reach before its release goes live: asked of the slot by Azure, once for each target. Where Azure has no way to ask, that is said and nothing fails.',
      ),
    checks: z
      .array(check)
      .default([])
      .describe('HTTP checks beside the ones that are always made: host state, functions list, release.'),
    functions: z
      .array(text())
      .default([])
      .describe(
        'Functions that the host must list. Default: those that the package names (`function.json`, `functions.metadata`), else those of the release before, else at least one.',
      ),
    initialDelay: duration().default('0s').describe('How long to wait before the first look.'),
    interval: duration().default('10s').describe('From one look to the next.'),
    timeout: duration().default('5s').describe('How long one answer may take.'),
    consecutiveSuccessLimit: limit(1, 1_000)
      .default(3)
      .describe('Healthy looks in a row that make a target healthy.'),
    healthyStateDuration: duration()
      .default('0s')
      .describe(
        'How long the row of healthy looks must last as well. Every other answer begins it anew, and nothing else.',
      ),
    failureLimit: limit(0, 1_000)
      .default(2)
      .describe('Bad answers that are tolerated; one more makes the target unhealthy.'),
    consecutiveErrorLimit: limit(0, 1_000)
      .default(4)
      .describe(
        'Looks in a row without any answer that are tolerated; one more makes the verdict inconclusive, and the rollout halts.',
      ),
    deadline: duration().default('5m').describe('How long a slot may take until it is healthy.'),
  })
  .describe('How each target is looked at, before and after its promotion.');
