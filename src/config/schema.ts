/**
 * slotwave.yml, once: the types, the checks, `schema.json` and the reference page all come from here. Where a
 * schema has its own `error`, that text is the phrase that completes "expected …".
 */
import * as z from 'zod';
import { duration, expectedQuoted, limit, name, text, words } from './kinds.ts';
import { fleet } from './schema-fleet.ts';
import { preflight } from './schema-preflight.ts';
import { probes } from './schema-probes.ts';
import { stagingTriggers, swap } from './schema-swap.ts';

const wave = z
  .strictObject({
    name: name().describe('What the wave is called in output and journal.'),
    match: words()
      .optional()
      .describe('Takes targets that carry all these labels. Can be narrowed by `count` or `percent`.'),
    targets: z
      .array(name())
      .min(1, { error: 'at least one target name' })
      .optional()
      .describe('Takes the targets with these names.'),
    count: limit(1, 10_000).optional().describe('Takes this many of the targets that are left.'),
    percent: z
      .number({ error: 'a number above 0 and up to 100' })
      .gt(0, { error: 'a number above 0 and up to 100' })
      .lte(100, { error: 'a number above 0 and up to 100' })
      .optional()
      .describe(
        'Takes this share of the whole fleet from the targets that are left; rounds down, never below one target.',
      ),
    bakeTime: duration()
      .default('0s')
      .describe(
        'How long the wave is watched after its last promotion, before the next wave opens. In its last two minutes the targets of the next wave are looked at already.',
      ),
    maxConcurrency: limit(1, 1_000)
      .optional()
      .describe(
        'At most this many promotions at once in this wave, counted as there. Default: `strategy.maxConcurrency`.',
      ),
  })
  .describe(
    'Targets that are promoted together. A target belongs to the first wave that takes it; a wave without `match`, `targets`, `count` or `percent` takes the rest and must be the last.',
  );

const maxConcurrencyPer = z
  .strictObject({
    region: limit(1, 1_000)
      .optional()
      .describe('At most this many targets of one region at once. Default: no limit of its own.'),
    subscription: limit(1, 1_000)
      .optional()
      .describe('At most this many targets of one subscription at once. Default: no limit of its own.'),
    plan: limit(1, 1_000)
      .default(1)
      .describe(
        'At most this many targets of one App Service plan at once: their instances share its machines.',
      ),
  })
  .describe('Narrower limits, all of them kept at the same time.');

const onFailure = z
  .strictObject({
    action: z
      .enum(['rollback', 'halt'])
      .default('rollback')
      .describe(
        '`rollback` brings the previous release back; `halt` stops where it is and leaves the decision to people.',
      ),
    scope: z
      .enum(['target', 'wave', 'all'])
      .default('all')
      .describe(
        'How far a rollback reaches: the failed targets, their wave, or everything this rollout promoted.',
      ),
  })
  .describe('What happens when more targets fail than are tolerated.');

const strategy = z
  .strictObject({
    maxConcurrency: limit(1, 1_000)
      .default(8)
      .describe(
        'At most this many targets are worked on at once. Who took longest in an earlier rollout of the same state folder begins first, together with whom nobody knows yet. A target that only waits for Azure, twice as long as the others, gives its place to the next one and keeps its places on its plan, in its region and in its subscription; at most a quarter of this number do so at a time, and none where it is below 4.',
      ),
    maxConcurrencyPer: maxConcurrencyPer.prefault({}),
    regionPairs: z
      .enum(['never-together', 'ignore'])
      .default('never-together')
      .describe(
        "`never-together` never promotes two regions of one Azure region pair at the same time, as Azure's own updates do not.",
      ),
    waves: z
      .array(wave)
      .min(1, { error: 'at least one wave' })
      .prefault([{ name: 'first', count: 1 }, { name: 'rest' }])
      .describe('The order in which targets are promoted. Default: one target, then the rest.'),
    failureTolerance: limit(0, 10_000)
      .default(0)
      .describe('How many failed targets are tolerated; the rollout turns when there is one more.'),
    progressDeadline: duration()
      .default('30m')
      .describe('How long one target may take, waiting for its turn excluded.'),
    onFailure: onFailure.prefault({}),
  })
  .describe('In which order, how fast, and what happens when it goes wrong.');

const mode = z.enum(['push', 'pull', 'url']);
const expectedStore = 'the https address of a blob container, without a query';
const expectedUrl = 'an https address';

/** The release that is live, the one beside it, and some to choose from. */
export const usualKeep = 5;

const delivery = z
  .union(
    [
      mode,
      z.strictObject({
        mode: mode
          .default('push')
          .describe(
            '`push` uploads to the SCM site of each slot, and turns to `store` where that site cannot be reached; `pull` uploads once to `store`, from where each slot fetches; `url` has each slot fetch from `url`.',
          ),
        store: z
          .string({ error: expectedStore })
          .regex(/^https:\/\/[^/?#@\s]+(?:\/[^/?#@\s]+)?\/[a-z0-9](?:-?[a-z0-9]){2,62}\/?$/, {
            error: expectedStore,
          })
          .optional()
          .describe(
            'A blob container for packages: `https://<account>.blob.core.windows.net/<container>`. Slots read from it by addresses that end with the deployment. Needs the roles Storage Blob Data Contributor and Storage Blob Delegator.',
          ),
        url: z
          .string({ error: expectedUrl })
          .regex(/^https:\/\/[^/?#@\s]+\/[^#\s]+$/, { error: expectedUrl })
          .optional()
          .describe(
            'Where a sealed package (`slotwave package --seal`) lies that the slots can read. `package` names the same file here. A query in it is treated as a secret.',
          ),
        remoteBuild: z
          .boolean()
          .default(false)
          .describe('Has the SCM site build what it gets (Oryx: `npm install`, `pip install`). Linux only.'),
        keep: limit(1, 1000)
          .default(usualKeep)
          .describe(
            'How many packages of this app stay in `store`, and as many in the state folder. When a rollout has settled, older ones are deleted; never one that a target runs or holds beside, that an unfinished rollout needs, or that anybody else put there.',
          ),
      }),
    ],
    { error: 'push, pull, url, or a mapping with `mode`' },
  )
  .default('push');

export const configSchema = z
  .strictObject({
    app: name().describe(
      'What the app is called: in output, in the journal, and for the lock that keeps two rollouts apart.',
    ),
    package: text().describe(
      'The folder to pack (with `host.json` at its root), or a ready `.zip`. Relative to this file.',
    ),
    fleet,
    strategy: strategy.prefault({}),
    swap: swap.prefault({}),
    stagingTriggers,
    preflight: preflight.prefault({}),
    probes: probes.prefault({}),
    settings: z
      .record(
        z.string().regex(/^[^\s=\p{Cc}]+$/u, { error: 'the name of an app setting, without spaces or "="' }),
        z.string({ error: expectedQuoted }),
        { error: 'a mapping of setting names to texts' },
      )
      .default({})
      .describe(
        'App settings that are written to the staging slot with the release and travel with it. Values must be texts: quote numbers and true/false. Everybody who reads this file reads them: put secrets in Key Vault and a `@Microsoft.KeyVault(…)` reference here.',
      ),
    delivery: delivery.describe(
      'How the package comes to each slot: `push`, `pull`, `url`, or a mapping with more to say.',
    ),
    state: z
      .strictObject({
        blob: text()
          .optional()
          .describe('A blob container for journal and lock. Not supported yet and refused.'),
      })
      .default({})
      .describe('Where journal and lock are kept.'),
  })
  .describe('slotwave: one Azure Functions app, many regions, one rollout.');

/** What people type: defaults not yet filled in. */
export type Written = z.input<typeof configSchema>;
/** What they typed, with defaults: durations are still text. */
export type Filled = z.output<typeof configSchema>;
