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

export function parseExpression(reader: Reader): Expression {
  let left = parseConjunction(reader);
  while (reader.take('or')) left = { kind: 'or', left, right: parseConjunction(reader) };
  return left;
}

function parseConjunction(reader: Reader): Expression {
  let left = parseComparison(reader);
  while (reader.take('and')) left = { kind: 'and', left, right: parseComparison(reader) };
  return left;
}

function parseComparison(reader: Reader): Expression {
  const left = parseMember(reader);
  const { next } = reader;
  const operator = next.text.toLowerCase();
  if (next.kind !== 'word' && next.kind !== 'sign') return left;
  if (comparisons.has(operator)) {
    reader.advance();
    return { kind: 'compare', operator, left, right: parseMember(reader) };
  }
  if (!memberships.has(operator)) return left;
  reader.advance();
  return { kind: 'in', operator, left, choices: parseInputs(reader) };
}

function parseMember(reader: Reader): Expression {
  let of = parsePrimary(reader);
  for (;;) {
    if (reader.take('.')) {
      of = { kind: 'member', of, name: { kind: 'literal', value: reader.word('a property') } };
    } else if (reader.take('[')) {
      of = { kind: 'member', of, name: parseExpression(reader) };
      reader.demand(']');
    } else return of;
  }
}

function parseInputs(reader: Reader): readonly Expression[] {
  reader.demand('(');
  const inputs: Expression[] = [];
  if (reader.take(')')) return inputs;
  do inputs.push(parseExpression(reader));
  while (reader.take(','));
  reader.demand(')');
  return inputs;
}

function parsePrimary(reader: Reader): Expression {
  if (reader.take('(')) {
    const inner = parseExpression(reader);
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
  const inputs = parseInputs(reader);
  return lower === 'not' && inputs[0]
    ? { kind: 'not', of: inputs[0] }
    : { kind: 'call', name: lower, inputs };
}
