/** The key `preflight` of slotwave.yml. The text of an `error` completes "expected …". */
import * as z from 'zod';
import { name, text } from './kinds.ts';

const silence = z.strictObject({
  rule: z
    .string({ error: 'the id of a rule' })
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: 'the id of a rule, such as scm-closed' })
    .describe(
      'The id of the rule, as it stands in brackets behind a finding; docs/preflight.md lists them all.',
    ),
  reason: text().describe('Why it is all right. It is shown wherever the finding would be.'),
  targets: z
    .array(name())
    .min(1, { error: 'at least one target name' })
    .optional()
    .describe('Only on these targets. Default: on all.'),
});

export const preflight = z
  .strictObject({
    silence: z
      .array(silence)
      .default([])
      .describe(
        'Findings that stop nothing any more. They are still listed, with their reason. Those that make a rollout unsafe cannot be silenced.',
      ),
  })
  .describe('What is checked before anything moves.');
