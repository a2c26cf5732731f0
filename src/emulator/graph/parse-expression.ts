/** Conditions and values: `or` binds weakest, then `and`, then comparisons, then members. */
import type { Reader } from './reader.ts';
import type { Expression } from './syntax.ts';

const comparisons = new Set([
  '==',
  '!=',
  '=~',
  '!~',
  '<',
  '<=',
  '>',
  '>=',
  'contains',
  '!contains',
  'contains_cs',
  'has',
  '!has',
  'startswith',
  '!startswith',
  'endswith',
  '!endswith',
]);
const memberships = new Set(['in', 'in~', '!in', '!in~']);

export interface ExpressionParser {
  expression(): Expression;
}

export function createExpressionParser(reader: Reader): ExpressionParser {
  const expression = (): Expression => {
    let left = conjunction();
    while (reader.take('or')) left = { kind: 'or', left, right: conjunction() };
    return left;
  };
  const conjunction = (): Expression => {
    let left = comparison();
    while (reader.take('and')) left = { kind: 'and', left, right: comparison() };
    return left;
  };
  const comparison = (): Expression => {
    const left = member();
    const { next } = reader;
    const operator = next.text.toLowerCase();
    if (next.kind !== 'word' && next.kind !== 'sign') return left;
    if (comparisons.has(operator)) {
      reader.advance();
      return { kind: 'compare', operator, left, right: member() };
    }
    if (!memberships.has(operator)) return left;
    reader.advance();
    return { kind: 'in', operator, left, choices: inputs() };
  };
  const member = (): Expression => {
    let of = primary();
    for (;;) {
      if (reader.take('.'))
        of = { kind: 'member', of, name: { kind: 'literal', value: reader.word('a property') } };
      else if (reader.take('[')) {
        of = { kind: 'member', of, name: expression() };
        reader.demand(']');
      } else return of;
    }
  };
  const inputs = (): readonly Expression[] => {
    reader.demand('(');
    const all: Expression[] = [];
    if (reader.take(')')) return all;
    do all.push(expression());
    while (reader.take(','));
    reader.demand(')');
    return all;
  };
  const primary = (): Expression => {
    if (reader.take('(')) {
      const inner = expression();
      reader.demand(')');
      return inner;
    }
    const { next } = reader;
    if (next.kind === 'text') return { kind: 'literal', value: reader.advance().text };
    if (next.kind === 'number') return { kind: 'literal', value: reader.number() };
    const name = reader.word('a value');
    const lower = name.toLowerCase();
    if (lower === 'true' || lower === 'false') return { kind: 'literal', value: lower === 'true' };
    if (reader.next.kind !== 'sign' || reader.next.text !== '(') return { kind: 'column', name };
    const given = inputs();
    return lower === 'not' && given[0]
      ? { kind: 'not', of: given[0] }
      : { kind: 'call', name: lower, inputs: given };
  };
  return { expression };
}
