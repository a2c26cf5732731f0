/** A query that this emulator cannot answer: wrong, or beyond the part of the language that it speaks. */
export class QueryProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QueryProblem';
  }
}
