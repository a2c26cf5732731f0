/** `fleet` in slotwave.yml. Where a schema has its own `error`, that text is the phrase that completes "expected …". */
import * as z from 'zod';
import {
  cloudPattern,
  expectedCloud,
  expectedGuid,
  expectedResourceId,
  guidPattern,
  name,
  resourceIdPattern,
  words,
} from './kinds.ts';
import { vantage } from './schema-vantage.ts';

const target = z
  .strictObject({
    name: name()
      .optional()
      .describe(
        'What this target is called in waves, output and journal. Default: the name of the function app.',
      ),
    resourceId: z
      .string({ error: expectedResourceId })
      .regex(resourceIdPattern, { error: expectedResourceId })
      .describe(
        'Resource ID of the function app (not of its slot), as the portal shows it under Properties, or `az functionapp show --query id`.',
      ),
    slot: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,58}$/, { error: 'the name of a deployment slot' })
      .default('staging')
      .describe(
        'The deployment slot in which a release is staged and probed. It must exist; it is never `production`.',
      ),
    labels: words()
      .default({})
      .describe(
        'Free words about this target that waves can `match`. The label `region` is only used by `rehearse`.',
      ),
    tenantId: z
      .string({ error: expectedGuid })
      .regex(guidPattern, { error: expectedGuid })
      .optional()
      .describe(
        'The tenant (directory) of its subscription. Default: the one that is signed in to. Who signs in there is read from the same environment variables with the tenant at their end, `AZURE_CLIENT_ID_<TENANT>` and so on, in capitals and with `_` for `-`; without them, in the same cloud, it is the same application.',
      ),
    cloud: z
      .string({ error: expectedCloud })
      .regex(cloudPattern, { error: expectedCloud })
      .optional()
      .describe(
        '`AzureCloud`, `AzureChinaCloud`, `AzureUSGovernment`, or the https URL of an ARM endpoint. Default: the one of `--cloud`. A target in another cloud also needs its `tenantId`, and credentials of its own there.',
      ),
    vantage: vantage
      .optional()
      .describe(
        'From where this target is looked at, and how the package gets there. Default: `probes.vantage`.',
      ),
  })
  .describe('One function app in one region.');

const discover = z
  .strictObject({
    tags: words()
      .refine((tags) => Object.keys(tags).length > 0, {
        error: 'at least one tag, or every function app in reach would be meant',
      })
      .describe(
        'Tags that a function app must carry, all of them. The tags of what is found are its labels.',
      ),
    slot: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,58}$/, { error: 'the name of a deployment slot' })
      .default('staging')
      .describe('The staging slot of every function app that is found.'),
  })
  .describe(
    'Finds targets by tags through Azure Resource Graph; each is read again through ARM before it is touched. May stand beside `targets`.',
  );

export const fleet = z
  .strictObject({
    targets: z
      .array(target)
      .min(1, { error: 'at least one target' })
      .optional()
      .describe('The function apps of the fleet, in the order in which they are taken.'),
    discover: discover.optional(),
  })
  .describe('Every target that runs this app. At least one of `targets` and `discover`.');
