/** Text from outside in Markdown, where it may be no structure, no HTML, no link and nobody's name. */
import { neutralise } from './neutralise.ts';

/**
 * Whatever Markdown, HTML or a formula could be made of, and what would become a link, a call or a reference. What a
 * character reference stands for is never structure.
 */
const marks = /[&<>"'`*_[\]()|\\~!^$]|@(?=\w)|#(?=\d)|:(?=\/\/)|(?<=www)\.(?=\w)/gi;

/** One harmless piece of a line, at most `maxChars` of it before it is escaped. */
export function plain(text: string, maxChars = 300): string {
  return neutralise(text, maxChars).replace(marks, (mark) =>
    // GitHub looks for names and numbers after the references are read; an empty comment parts them.
    mark === '@' || mark === '#' ? `${mark}<!-- -->` : `&#${mark.charCodeAt(0)};`,
  );
}

/** As it is typed. Entities are read in it, Markdown is not. */
export function code(text: string, maxChars = 300): string {
  return `<code>${plain(text, maxChars)}</code>`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What is folded away until somebody opens it. */
export function folded(title: string, text: string): string {
  return `<details><summary>${title}</summary>\n\n${text}\n\n</details>`;
}

/** Lines as they are, between marks that cannot stand in them. */
export function fenced(lines: readonly string[], language = 'text'): string {
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []);
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return [`${fence}${language}`, ...lines, fence].join('\n');
}

/** Not longer than that: cut at the end of a line, a fence that is open is closed again, and `last` says that it was. */
export function cutToBytes(text: string, maxBytes: number, last: string): string {
  if (bytesOf(text) <= maxBytes) return text;
  const [fence = ''] = /^`{3,}/m.exec(text) ?? [];
  const tail = `\n…\n${fence}\n\n${last}\n`;
  const head = Buffer.from(text).subarray(0, maxBytes - bytesOf(tail));
  return `${head.subarray(0, head.lastIndexOf('\n')).toString()}${tail}`;
}

export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
