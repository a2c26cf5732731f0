/** docs/diagnosis.md and a page for each cause, from the table of causes. */
import { type CauseCode, causeCodes, causes, docsOf } from '../../src/probe/causes.ts';
import type { Page } from './page.ts';
import { appPages } from './pages-app.ts';
import { roadPages } from './pages-road.ts';

const pages: Readonly<Record<CauseCode, Page>> = { ...roadPages, ...appPages };

const made =
  '<!-- Made by scripts/generate.ts from src/probe/causes.ts and scripts/diagnosis/. Change it there. -->';

/** `captures`: the part of the index that is written by hand. */
export function writeDiagnosisPages(captures: string): ReadonlyMap<string, string> {
  const index = [made, captures.trim(), '## All causes', writeTable()].join('\n\n');
  return new Map([
    ['docs/diagnosis.md', `${index}\n`],
    ...causeCodes.map((code): [string, string] => [docsOf(code), writePage(code)]),
  ]);
}

function writeTable(): string {
  const rows = causeCodes.map((code) => `| [\`${code}\`](diagnosis/${code}.md) | ${causes[code]} |`);
  return ['| Code | Cause |', '| --- | --- |', ...rows].join('\n');
}

function writePage(code: CauseCode): string {
  const { means, seen, todo } = pages[code];
  const parts = [
    made,
    `# ${causes[code]}`,
    `Code: \`${code}\``,
    means,
    `**Recognised by:** ${seen}`,
    '## What helps',
    todo.map((each, index) => `${index + 1}. ${each}`).join('\n'),
    '[All causes](../diagnosis.md)',
  ];
  return `${parts.join('\n\n')}\n`;
}
