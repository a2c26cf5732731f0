/** What is wrong with a world or faults file: everything at once, each with its place. */
import type { z } from 'zod';

export interface InputProblem {
  /** `sites[2].plan.sku` */
  readonly path: string;
  readonly message: string;
}

/** A world or faults file that cannot be used. `problems` has all that is wrong with it. */
export class BadInput extends Error {
  readonly problems: readonly InputProblem[];

  constructor(what: string, problems: readonly InputProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path === '' ? '(whole file)' : path}: ${message}`);
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
  const path = renderPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: joinKey(path, key), message: 'there is no such key' }));
  }
  return [{ path, message: issue.message }];
}

function renderPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : joinKey(text, String(part))),
    '',
  );
}

function joinKey(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
