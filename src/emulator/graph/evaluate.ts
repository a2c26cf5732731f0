/** What an expression is worth for one row. A missing value is null, and null compares equal to nothing. */
import { fieldOf } from '../incoming.ts';
import { QueryProblem } from './problem.ts';
import type { Expression, Row } from './syntax.ts';

export function evaluate(expression: Expression, row: Row): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'column':
      return fieldOf(row, expression.name) ?? null;
    case 'member':
      return fieldOf(evaluate(expression.of, row), String(evaluate(expression.name, row))) ?? null;
    case 'and':
      return isTrue(expression.left, row) && isTrue(expression.right, row);
    case 'or':
      return isTrue(expression.left, row) || isTrue(expression.right, row);
    case 'not':
      return !isTrue(expression.of, row);
    case 'in': {
      const left = evaluate(expression.left, row);
      const same = expression.operator.endsWith('~') ? '=~' : '==';
      const found = expression.choices.some((choice) => compare(same, left, evaluate(choice, row)));
      return expression.operator.startsWith('!') ? !found : found;
    }
    case 'compare':
      return compare(expression.operator, evaluate(expression.left, row), evaluate(expression.right, row));
    case 'call':
      return callFunction(
        expression.name,
        expression.inputs.map((input) => evaluate(input, row)),
      );
    default:
      return expression satisfies never;
  }
}

export function isTrue(expression: Expression, row: Row): boolean {
  return evaluate(expression, row) === true;
}

function compare(operator: string, left: unknown, right: unknown): boolean {
  if (operator.startsWith('!'))
    return !compare(operator === '!=' ? '==' : operator === '!~' ? '=~' : operator.slice(1), left, right);
  if (left === null || right === null) return false;
  const [mine, theirs] = [asText(left), asText(right)];
  const [low, lowTheirs] = [mine.toLowerCase(), theirs.toLowerCase()];
  switch (operator) {
    case '==':
      return mine === theirs;
    case '=~':
      return low === lowTheirs;
    case '<':
      return mine < theirs;
    case '<=':
      return mine <= theirs;
    case '>':
      return mine > theirs;
    case '>=':
      return mine >= theirs;
    case 'contains':
      return low.includes(lowTheirs);
    case 'contains_cs':
      return mine.includes(theirs);
    case 'has':
      return low.split(/[^\p{L}\p{N}]+/u).includes(lowTheirs);
    case 'startswith':
      return low.startsWith(lowTheirs);
    case 'endswith':
      return low.endsWith(lowTheirs);
    default:
      throw new QueryProblem(`The operator "${operator}" is not known to this emulator.`);
  }
}

const functions: Readonly<Record<string, (inputs: readonly unknown[]) => unknown>> = {
  tolower: ([value]) => asText(value).toLowerCase(),
  toupper: ([value]) => asText(value).toUpperCase(),
  tostring: ([value]) => asText(value),
  tobool: ([value]) => (value === null ? null : asText(value).toLowerCase() === 'true'),
  toint: ([value]) => (Number.isNaN(Number(value)) ? null : Math.trunc(Number(value))),
  todatetime: ([value]) => value ?? null,
  isempty: ([value]) => asText(value) === '',
  isnotempty: ([value]) => asText(value) !== '',
  isnull: ([value]) => value === null,
  isnotnull: ([value]) => value !== null,
  strcat: (values) => values.map(asText).join(''),
  coalesce: (values) => values.find((value) => value !== null && value !== '') ?? null,
  iff: ([condition, yes, no]) => (condition === true ? yes : no),
};

function callFunction(name: string, inputs: readonly unknown[]): unknown {
  const known = functions[name];
  if (!known) throw new QueryProblem(`The function ${name}() is not known to this emulator.`);
  return known(inputs.map((input) => input ?? null));
}

export function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
