/** The faults file: what goes wrong, when. docs/emulator.md is its reference. */
import * as z from 'zod';
import { demand } from '../problem.ts';
import { duration, throttleCodes } from '../world/fields.ts';

// Like `POST */slotsswap`, `POST|PUT *` or `* /api/zipdeploy`: methods, then a glob over the path.
const requestPattern = z
  .string()
  .regex(
    /^(\*|[A-Za-z]+(\|[A-Za-z]+)*) \S+$/,
    'must be a method (or A|B, or *), a space, and a path in which * stands for anything',
  );
const occurrence = z.int().min(1);

const whenSchema = z.strictObject({
  request: requestPattern.optional(),
  door: z.enum(['arm', 'scm', 'app', 'login']).optional(),
  site: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
  slot: z.string().min(1).optional(),
  occurrence: z.union([occurrence, z.array(occurrence).min(1), z.literal('every')]).default('every'),
  after: duration.optional(),
  probability: z.number().min(0).max(1).optional(),
});

const headers = z.record(z.string(), z.string()).default({});
/** Where the request's effect lies, seen from its answer. */
const effect = z.enum(['none', 'before', 'after']);

/** What makes a swap fail: the rows of azure-platform.md §3.4. */
export const swapFailures = [
  'ping',
  'worker',
  'initialization',
  'timeout',
  'allocation',
  'unexpected',
  'busy',
  'plan-busy',
  'plan-throttled',
  'prepared',
  'prepared-elsewhere',
  'authentication',
] as const;
export type SwapFailureReason = (typeof swapFailures)[number];

/** How a deployment ends that does not end well (azure-platform.md §2.4: 3, 6, -1, 5, and none of them). */
export const deploymentEnds = ['failed', 'partial', 'cancelled', 'conflict', 'never'] as const;
export type DeploymentEnd = (typeof deploymentEnds)[number];

/** How the operation of a swap is told, or not told, to who asks for it. */
const operationSchema = z.strictObject({
  /** 202 without Location: nobody can ask. */
  location: z.literal('absent').optional(),
  /** This Retry-After, whatever it may be; an empty one is not sent. */
  retryAfter: z.string().optional(),
  /** 404 at every poll; or a failure as 200 with a body that says Failed. */
  results: z.enum(['vanish', 'failed-in-200']).optional(),
  /** It succeeds, and so long afterwards the platform takes it back by itself, without a word to anybody. */
  takenBack: duration.optional(),
});
export type OperationTwist = z.output<typeof operationSchema>;

const throttledSchema = z.strictObject({
  code: z.enum(throttleCodes).default('TooManyRequests'),
  retryAfter: z.coerce.string().default('17'),
});
export type Throttled = z.output<typeof throttledSchema>;

const sickSchema = z.strictObject({
  in: z.string().min(1).default('*'),
  path: z.string().min(1).default('/api/*'),
  status: z.int().min(200).max(599).optional(),
  body: z.string().default(''),
  headers,
  delay: duration.optional(),
  after: duration.default(0),
  release: z.string().min(1).optional(),
  content: z.enum(['any', 'arrived']).default('any'),
});

/** What can happen; a fault does one of these. */
const actionNames = [
  'status',
  'throttled',
  'token',
  'delay',
  'lost',
  'reset',
  'swap',
  'operation',
  'deploymentEnds',
  'host',
  'app',
] as const;

const thenSchema = z
  .strictObject({
    status: z.int().min(200).max(599).optional(),
    code: z.string().optional(),
    message: z.string().optional(),
    body: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    effect: effect.optional(),
    dialect: z.enum(['front-door', 'app-service']).optional(),
    throttled: throttledSchema.optional(),
    token: z.literal('expired').optional(),
    delay: duration.optional(),
    lost: z.enum(['before', 'after']).optional(),
    later: duration.optional(),
    reset: z.strictObject({ afterBytes: z.int().min(0) }).optional(),
    swap: z
      .strictObject({
        failAt: z.enum(['request', 'apply', 'warmup', 'route']).default('warmup'),
        as: z.enum(swapFailures).default('ping'),
      })
      .optional(),
    operation: operationSchema.optional(),
    deploymentEnds: z.enum(deploymentEnds).optional(),
    host: z.strictObject({ startDelay: duration }).optional(),
    app: z.strictObject({ sick: sickSchema }).optional(),
  })
  .superRefine((then, context) => {
    const actions = actionNames.filter((key) => then[key] !== undefined);
    if (actions.length !== 1) {
      const found = actions.length === 0 ? 'none' : actions.join(' and ');
      context.addIssue({
        code: 'custom',
        message: `must have exactly one of ${actionNames.join(', ')}; found ${found}`,
      });
    }
    for (const key of ['code', 'message', 'body', 'headers', 'effect', 'dialect'] as const) {
      if (then[key] !== undefined && then.status === undefined) {
        context.addIssue({ code: 'custom', path: [key], message: 'belongs to status, which is not there' });
      }
    }
    if (then.later !== undefined && then.lost !== 'after' && then.effect !== 'after') {
      const message = 'belongs to lost: after or effect: after, which are not there';
      context.addIssue({ code: 'custom', path: ['later'], message });
    }
  });

const faultSchema = z
  // biome-ignore lint/suspicious/noThenProperty: the word of the file; a fault is never awaited, and its value is no function.
  .strictObject({ when: whenSchema.prefault({}), then: thenSchema })
  .superRefine((fault, context) => {
    const { host, app, deploymentEnds: ends } = fault.then;
    if ((host || app || ends) && fault.when.request !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['when', 'request'],
        message:
          'host, app and deploymentEnds faults are not about one request; use site, region, slot (and sick.path)',
      });
    }
  });

const faultsSchema = z.array(faultSchema);

/** What a faults file or a test may write. */
export type FaultInput = z.input<typeof faultSchema>;
export type Fault = z.output<typeof faultSchema>;
export type Sickness = z.output<typeof sickSchema>;

/** Checks a list of faults. Throws BadInput with every problem at once. */
export function readFaults(value: unknown, what = 'The list of faults'): readonly Fault[] {
  return demand(faultsSchema, value ?? [], what);
}
