/** How each target is looked at, as slotwave.yml says it. */
import * as z from 'zod';
import { duration, limit, name, text, words } from './kinds.ts';

const check = z
  .strictObject({
    name: name().describe(
      'What the check is called in readings. `host`, `functions` and `release` are taken.',
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
        'Request headers. They are in no plan, journal or log; whoever reads this file reads them all the same: prefer checks that need no key.',
      ),
    expect: z
      .strictObject({
        status: limit(100, 599)
          .default(200)
          .describe('The HTTP status of a good answer. Redirects are not followed.'),
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

export const probes = z
  .strictObject({
    vantage: z
      .strictObject({
        via: z
          .enum(['direct', 'private-endpoint', 'proxy', 'dns', 'arm'])
          .default('direct')
          .describe(
            '`direct`: as this machine resolves the name. The others are not supported yet and are refused.',
          ),
      })
      .prefault({})
      .describe('The place from which we look.'),
    requirePrivate: z
      .boolean()
      .default(false)
      .describe(
        'Whether an answer over a public address counts as unhealthy. `true` is not supported yet and is refused.',
      ),
    checks: z
      .array(check)
      .default([])
      .describe('HTTP checks beside the ones that are always made: host state, functions list, release.'),
    functions: z
      .array(text())
      .default([])
      .describe('Functions that the host must list. Default: at least one, whatever its name.'),
    initialDelay: duration().default('0s').describe('How long to wait before the first look.'),
    interval: duration().default('10s').describe('From one look to the next.'),
    timeout: duration().default('5s').describe('How long one answer may take.'),
    consecutiveSuccessLimit: limit(1, 1_000)
      .default(3)
      .describe('Healthy looks in a row that make a target healthy.'),
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
