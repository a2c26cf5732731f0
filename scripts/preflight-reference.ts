/** docs/preflight.md from the rules: every rule with its id, when it speaks, why, and where that is documented. */
import type { Rule, Subject } from '../src/preflight/finding.ts';
import { rules } from '../src/preflight/rules.ts';
import { listEnds } from '../src/preflight/runtimes.ts';

const subjects: Readonly<Record<Subject, string>> = {
  plan: 'The plan',
  slots: 'Slots and their settings',
  network: 'The network of the app',
  access: 'Reaching the app',
  storage: 'Storage',
  runtime: 'Runtime',
  identity: 'Identity and rights',
};

export function writePreflightReference(): string {
  const sections = (Object.entries(subjects) as [Subject, string][]).flatMap(([subject, title]) => [
    `## ${title}`,
    ['| rule | speaks when | why it matters |', '| --- | --- | --- |', ...rowsOf(subject)].join('\n'),
  ]);
  return `${[head, ...sections, '## Until when runtimes are supported', ends].join('\n\n')}\n`;
}

const count = (severity: Rule['severity']) => rules.filter((rule) => rule.severity === severity).length;

const head = `<!-- Made by scripts/generate.ts from src/preflight/rules.ts. Change it there. -->

# Preflight

\`slotwave plan\` and \`slotwave deploy\` look at every target before anything moves. Everything is read from Azure Resource Manager; nothing is written, and no value of a setting is kept. There are ${rules.length} rules: ${count('error')} errors (**error**), which stop the rollout before it begins; ${count('warning')} warnings; ${count('info')} notes. A finding says what is there, why it matters, and what to do.

What the signed-in identity cannot read (a network in another subscription, say) is never taken for good or bad: the rules about it say nothing, and one note, \`not-checked\`, lists it.

Findings that you know of can be silenced, each with a reason. They stop nothing any more, and are still listed, in one line each and in \`plan --json\` (\`silenced\`):

\`\`\`yaml
preflight:
  silence:
    - rule: site-closed
      reason: The runner is in the hub network.
    - rule: subnet-below-advice
      reason: The plan never has more than four instances.
      targets: [weu]
\`\`\`

Rules marked **law** cannot be silenced: a rollout is not safe with what they find.`;

const ends = [
  'Of Azure and of the languages themselves; a version that does not stand here is not judged.',
  [
    '| runtime | supported until |',
    '| --- | --- |',
    ...listEnds().map(({ name, day, source }) => `| ${name} | [${day}](${source}) |`),
  ].join('\n'),
].join('\n\n');

function rowsOf(subject: Subject): readonly string[] {
  return rules
    .filter((rule) => rule.subject === subject)
    .map(({ id, severity, silenceable, when, why, source }) => {
      const kind = `${severity === 'error' ? '**error**' : severity === 'info' ? 'note' : severity}${silenceable === false ? ', **law**' : ''}`;
      return `| \`${id}\`<br>${kind} | ${escapeCell(when)} | ${escapeCell(why)} [source](${source}) |`;
    });
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
