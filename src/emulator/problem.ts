/** What is wrong with a world or faults file: everything at once, each with its place. */
import type * as z from 'zod';

export interface InputProblem {
  /** `['sites', 2, 'plan', 'sku']`; empty: the whole file. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** From 1, when it came from a file. */
  readonly line?: number;
}

/** A world or faults file that cannot be used. `problems` has all that is wrong with it; so has the message. */
export class BadInput extends Error {
  readonly problems: readonly InputProblem[];

  constructor(what: string, problems: readonly InputProblem[]) {
    const lines = problems.map(({ path, message, line }) => {
      const where = [line === undefined ? '' : `line ${line}`, renderPath(path)]
        .filter((part) => part !== '')
        .join(', ');
      return `  ${where === '' ? '' : `${where}: `}${message}`;
    });
    super(`${what} cannot be used:\n${lines.join('\n')}`);
    this.name = 'BadInput';
    this.problems = problems;
  }
}

/** Parses `value` by `schema`, or throws BadInput with every problem. */
export function demand<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadInput(what, result.error.issues.flatMap(asProblems));
}

function asProblems(issue: z.core.$ZodIssue): readonly InputProblem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such key' }));
}

/** `sites[2].plan.sku` */
export function renderPath(path: InputProblem['path']): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
