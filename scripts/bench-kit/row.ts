/** What a file in scripts/bench exports as `row`: one thing that is measured, in one line or several. */
export interface BenchRow {
  /** For `npm run bench -- --row NAME`. */
  readonly name: string;
  /** One sentence: what is measured, how, and where the peer's number comes from. */
  readonly about: string;
  measure(): Promise<readonly BenchLine[]>;
}

export interface BenchLine {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** The same of whoever does it today; null: nobody does, or nobody has counted. */
  readonly peer: number | null;
  /** What we allow ourselves; null: it is only watched. */
  readonly limit: number | null;
}
