/** Walks over the words of a query. */
import { QueryProblem } from './problem.ts';
import type { Token } from './tokens.ts';

export interface Reader {
  readonly next: Token;
  /** Takes this sign or word if it is next. */
  take(text: string): boolean;
  demand(text: string): void;
  word(what: string): string;
  number(): number;
  advance(): Token;
  problem(expected: string): QueryProblem;
}

export function createReader(tokens: readonly Token[]): Reader {
  let at = 0;
  const reader: Reader = {
    get next() {
      return tokens[at]!;
    },
    advance: () => tokens[at++]!,
    take: (text) => {
      const { next } = reader;
      const fits = (next.kind === 'word' || next.kind === 'sign') && next.text.toLowerCase() === text;
      if (fits) at += 1;
      return fits;
    },
    demand: (text) => {
      if (!reader.take(text)) throw reader.problem(`"${text}"`);
    },
    word: (what) => {
      if (reader.next.kind !== 'word') throw reader.problem(what);
      return reader.advance().text;
    },
    number: () => {
      if (reader.next.kind !== 'number') throw reader.problem('a number');
      return Number(reader.advance().text);
    },
    problem: (expected) => {
      const { next } = reader;
      const found = next.kind === 'end' ? 'the end' : `"${next.text}"`;
      return new QueryProblem(
        `This emulator speaks a part of the query language only. Expected ${expected}, found ${found} at character ${next.at}.`,
      );
    },
  };
  return reader;
}
