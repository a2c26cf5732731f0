/** The faults file: what goes wrong, when. docs/emulator.md is its reference. */
import { z } from 'zod';
import { demand } from '../problem.ts';
import { duration } from '../world/schema.ts';

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
] as const;
export type SwapFailureReason = (typeof swapFailures)[number];

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

const thenSchema = z
  .strictObject({
    status: z.int().min(200).max(599).optional(),
    code: z.string().optional(),
    message: z.string().optional(),
    body: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    effect: effect.optional(),
    delay: duration.optional(),
    lost: z.enum(['before', 'after']).optional(),
    reset: z.strictObject({ afterBytes: z.int().min(0) }).optional(),
    swap: z
      .strictObject({
        failAt: z.enum(['apply', 'warmup', 'route']).default('warmup'),
        as: z.enum(swapFailures).default('ping'),
      })
      .optional(),
    host: z.strictObject({ startDelay: duration }).optional(),
    app: z.strictObject({ sick: sickSchema }).optional(),
  })
  .superRefine((then, context) => {
    const actions = (['status', 'delay', 'lost', 'reset', 'swap', 'host', 'app'] as const).filter(
      (key) => then[key] !== undefined,
    );
    if (actions.length !== 1) {
      const found = actions.length === 0 ? 'none' : actions.join(' and ');
      context.addIssue({
        code: 'custom',
        message: `must have exactly one of status, delay, lost, reset, swap, host, app; found ${found}`,
      });
    }
    for (const key of ['code', 'message', 'body', 'headers', 'effect'] as const) {
      if (then[key] !== undefined && then.status === undefined) {
        context.addIssue({ code: 'custom', path: [key], message: 'belongs to status, which is not there' });
      }
    }
  });

const faultSchema = z
  // biome-ignore lint/suspicious/noThenProperty: the word of the file; a fault is never awaited, and its value is no function.
  .strictObject({ when: whenSchema.prefault({}), then: thenSchema })
  .superRefine((fault, context) => {
    if ((fault.then.host || fault.then.app) && fault.when.request !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['when', 'request'],
        message: 'host and app faults are not about one request; use site, region, slot (and sick.path)',
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
