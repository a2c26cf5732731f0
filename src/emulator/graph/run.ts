/** Stages over rows. */
import { asText, evaluate, isTrue } from './evaluate.ts';
import type { Naming, Ordering, Query, Row, Stage } from './syntax.ts';

/** Throws QueryProblem where a function or an operator is not known. */
export function runQuery(query: Query, readTable: (name: string) => readonly Row[]): readonly Row[] {
  return query.stages.reduce<readonly Row[]>(
    (rows, stage) => runStage(stage, rows, readTable),
    readTable(query.table),
  );
}

function runStage(
  stage: Stage,
  rows: readonly Row[],
  readTable: (name: string) => readonly Row[],
): readonly Row[] {
  switch (stage.kind) {
    case 'where':
      return rows.filter((row) => isTrue(stage.condition, row));
    case 'extend':
      return rows.map((row) => ({ ...row, ...nameColumns(stage.columns, row) }));
    case 'project':
      return rows.map((row) => nameColumns(stage.columns, row));
    case 'project-away':
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !stage.names.includes(name))),
      );
    case 'order':
      return [...rows].sort((a, b) => compareRows(stage.orderings, a, b));
    case 'take':
      return rows.slice(0, stage.count);
    case 'count':
      return [{ Count: rows.length }];
    case 'distinct': {
      const distinct = new Map(
        rows.map((row) => nameColumns(stage.columns, row)).map((row) => [JSON.stringify(row), row]),
      );
      return [...distinct.values()];
    }
    case 'join':
      return joinRows(stage, rows, runQuery(stage.with, readTable));
    default:
      return stage satisfies never;
  }
}

function nameColumns(columns: readonly Naming[], row: Row): Row {
  return Object.fromEntries(columns.map(({ name, value }) => [name, evaluate(value, row)]));
}

function compareRows(orderings: readonly Ordering[], a: Row, b: Row): number {
  for (const { by, descending } of orderings) {
    const [mine, theirs] = [asText(evaluate(by, a)), asText(evaluate(by, b))];
    if (mine !== theirs) return mine < theirs === descending ? 1 : -1;
  }
  return 0;
}

/** A column of the other side that this side has too gets a 1, as in Kusto. */
function joinRows(
  stage: Extract<Stage, { kind: 'join' }>,
  rows: readonly Row[],
  others: readonly Row[],
): readonly Row[] {
  const keyOf = (row: Row) => JSON.stringify(stage.on.map((name) => row[name] ?? null));
  const byKey = new Map<string, Row[]>();
  for (const other of others) byKey.set(keyOf(other), [...(byKey.get(keyOf(other)) ?? []), other]);
  return rows.flatMap((row) => {
    const partners = byKey.get(keyOf(row)) ?? [];
    if (partners.length === 0) return stage.how === 'inner' ? [] : [row];
    return partners.map((partner) => {
      const renamed = Object.entries(partner).map(([name, value]) => [
        name in row ? `${name}1` : name,
        value,
      ]);
      return { ...row, ...Object.fromEntries(renamed) };
    });
  });
}
