/** A query as words. */
import { QueryProblem } from './problem.ts';

export type Token =
  | { readonly kind: 'word' | 'sign'; readonly text: string; readonly at: number }
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

/** `!contains` is one word, as are `in~` and `project-away`. */
const pattern =
  /\s+|\/\/[^\n]*|(?<text>@?"(?:[^"\\]|\\.)*"|@?'(?:[^'\\]|\\.|'')*')|(?<number>\d+(?:\.\d+)?)|(?<word>project-away|[!]?[A-Za-z_][A-Za-z0-9_]*~?)|(?<sign>==|!=|=~|!~|<=|>=|[|()[\],.=<>])/y;

export function readTokens(query: string): readonly Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < query.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(query);
    if (!match)
      throw new QueryProblem(`The query cannot be read from character ${at} on: ${query.slice(at, at + 20)}`);
    const { text, number, word, sign } = match.groups ?? {};
    if (text !== undefined) tokens.push({ kind: 'text', text: unquote(text), at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
  }
  tokens.push({ kind: 'end', text: '', at: query.length });
  return tokens;
}

/** Kusto's strings: backslash escapes; in '…' a doubled quote stands for one (core tools write it so). */
function unquote(raw: string): string {
  if (raw.startsWith('@')) return raw.slice(2, -1);
  const quote = raw[0]!;
  return raw
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped === 't' ? '\t' : escaped));
}
