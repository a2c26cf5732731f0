/** The part of Kusto's language that is spoken here, as data. */

export type Row = Readonly<Record<string, unknown>>;

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly inputs: readonly Expression[] }
  | {
      readonly kind: 'compare';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'in';
      readonly operator: string;
      readonly left: Expression;
      readonly choices: readonly Expression[];
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression };

/** `name = expression`, or a bare column that keeps its name. */
export interface Naming {
  readonly name: string;
  readonly value: Expression;
}

export interface Ordering {
  readonly by: Expression;
  readonly descending: boolean;
}

export type Stage =
  | { readonly kind: 'where'; readonly condition: Expression }
  | { readonly kind: 'extend' | 'project'; readonly columns: readonly Naming[] }
  | { readonly kind: 'project-away'; readonly names: readonly string[] }
  | { readonly kind: 'order'; readonly orderings: readonly Ordering[] }
  | { readonly kind: 'take'; readonly count: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'distinct'; readonly columns: readonly Naming[] }
  | {
      readonly kind: 'join';
      readonly how: 'leftouter' | 'inner';
      readonly with: Query;
      readonly on: readonly string[];
    };

export interface Query {
  readonly table: string;
  readonly stages: readonly Stage[];
}
