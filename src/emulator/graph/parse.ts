/** Words into stages. What is not understood is said, with the word and its place. */
import { parseExpression } from './parse-expression.ts';
import { createReader, type Reader } from './reader.ts';
import type { Naming, Ordering, Query, Stage } from './syntax.ts';
import { readTokens } from './tokens.ts';

/** Throws QueryProblem. */
export function parseQuery(text: string): Query {
  const reader = createReader(readTokens(text));
  const query = parseFrom(reader);
  if (reader.next.kind !== 'end') throw reader.problem('the end of the query');
  return query;
}

function parseFrom(reader: Reader): Query {
  const table = reader.word('a table').toLowerCase();
  if (table !== 'resources' && table !== 'appserviceresources') {
    throw reader.problem(`the table resources (there is no "${table}" here)`);
  }
  const stages: Stage[] = [];
  while (reader.take('|')) stages.push(parseStage(reader));
  return { table, stages };
}

function parseStage(reader: Reader): Stage {
  const name = reader.word('an operator').toLowerCase();
  switch (name) {
    case 'where':
      return { kind: 'where', condition: parseExpression(reader) };
    case 'extend':
    case 'project':
      return { kind: name, columns: parseNamings(reader) };
    case 'project-away':
      return { kind: 'project-away', names: separated(reader, () => reader.word('a column')) };
    case 'distinct':
      return { kind: 'distinct', columns: parseNamings(reader) };
    case 'order':
    case 'sort':
      reader.demand('by');
      return { kind: 'order', orderings: separated(reader, () => parseOrdering(reader)) };
    case 'take':
    case 'limit':
      return { kind: 'take', count: reader.number() };
    case 'count':
      return { kind: 'count' };
    case 'join':
      return parseJoin(reader);
    default:
      throw reader.problem(
        `where, extend, project, project-away, distinct, order by, take, count or join (not "${name}")`,
      );
  }
}

function parseNamings(reader: Reader): readonly Naming[] {
  return separated(reader, () => {
    const value = parseExpression(reader);
    if (value.kind === 'column' && reader.take('='))
      return { name: value.name, value: parseExpression(reader) };
    if (value.kind === 'column') return { name: value.name, value };
    if (value.kind === 'member' && value.name.kind === 'literal') return { name: memberName(value), value };
    throw reader.problem('a name for this column (name = …)');
  });
}

/** Kusto names `properties.state` as `properties_state`. */
function memberName(value: Naming['value']): string {
  if (value.kind === 'column') return value.name;
  if (value.kind === 'member' && value.name.kind === 'literal')
    return `${memberName(value.of)}_${String(value.name.value)}`;
  return 'Column1';
}

function parseOrdering(reader: Reader): Ordering {
  const by = parseExpression(reader);
  if (reader.take('asc')) return { by, descending: false };
  // Kusto's default is descending.
  reader.take('desc');
  return { by, descending: true };
}

function parseJoin(reader: Reader): Stage {
  let how: 'leftouter' | 'inner' = 'inner';
  if (reader.take('kind')) {
    reader.demand('=');
    const kind = reader.word('a kind of join').toLowerCase();
    if (kind !== 'leftouter' && kind !== 'inner') throw reader.problem(`leftouter or inner (not "${kind}")`);
    how = kind;
  }
  reader.demand('(');
  const query = parseFrom(reader);
  reader.demand(')');
  reader.demand('on');
  return { kind: 'join', how, with: query, on: separated(reader, () => reader.word('a column')) };
}

function separated<T>(reader: Reader, one: () => T): readonly T[] {
  const all = [one()];
  while (reader.take(',')) all.push(one());
  return all;
}
