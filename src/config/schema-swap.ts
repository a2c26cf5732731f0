/** The key `swap` of slotwave.yml, and `stagingTriggers`. The text of an `error` completes "expected …". */
import * as z from 'zod';
import { duration, limit } from './kinds.ts';

const warmUp = z
  .strictObject({
    path: z
      .string({ error: 'a path that starts with "/"' })
      .regex(/^\/[\x21-\x7e]*$/, { error: 'a path that starts with "/", without spaces' })
      .default('/')
      .describe('What Azure asks of every instance of the staging slot, over HTTP and without a key.'),
    statuses: z
      .array(limit(200, 499))
      .min(1, { error: 'at least one HTTP status' })
      .default([200, 202, 204])
      .describe('The answers that count as warm. At `/` a sound host says 204 to Azure.'),
  })
  .describe(
    'What Azure must hear before it swaps: the settings `WEBSITE_SWAP_WARMUP_PING_PATH` and `…_STATUSES`. By default Azure takes any answer, the 503 of a broken host included; without this key a slot that has neither setting gets `/` and 200, 202, 204.',
  );

export const swap = z
  .strictObject({
    preview: z
      .boolean()
      .default(false)
      .describe(
        "Whether production's own settings are put on the staging slot, and the release is probed so, before the swap is completed. Costs a restart a target, and is not possible where App Service authentication is on.",
      ),
    resetPrepared: z
      .boolean()
      .default(false)
      .describe(
        'Whether a swap that somebody left prepared is cancelled when a release is staged. Otherwise it is refused.',
      ),
    preserveVnet: z
      .boolean()
      .default(true)
      .describe('Whether each slot keeps its network integration in a swap.'),
    observeFor: duration()
      .default('60s')
      .describe(
        'How long a target must stay well after its swap before it counts as promoted. Swaps that succeeded were followed by 503s for some 20 s, and Azure takes swaps back by itself.',
      ),
    warmUp: warmUp.optional(),
  })
  .describe('How staging and production are exchanged.');

export const stagingTriggers = z
  .enum(['tell', 'disable'])
  .default('tell')
  .describe(
    "Timers, queue triggers and the like run in a staging slot beside production's. `tell` says which; `disable` switches them off there by `AzureWebJobs.<function>.Disabled`, made a slot setting. During a swap the slot runs with production's slot settings, so for its warm-up nothing can keep them quiet.",
  );
