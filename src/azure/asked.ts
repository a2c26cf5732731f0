/** What was asked, and the error for "nobody knows": the words that both tables of failures speak in. */
import { DoubtError, type ErrorFacts } from '../errors.ts';
import type { AzureErrorFacts } from './error-facts.ts';

/**
 * read: repeating is free. change: a mutation that sets a state, and may be repeated after a look. swap: the
 * mutation that undoes itself when it is repeated.
 */
export type Act = 'read' | 'change' | 'swap';

export interface Asked {
  readonly act: Act;
  /** In words, to follow "could not": `read the settings of orders-weu/staging`. */
  readonly what: string;
  /** Target, or resource id. */
  readonly where: string;
  /** The site's name, to tell our own operation from a neighbour's in a 409. */
  readonly site?: string | undefined;
}

/** A failed answer together with what it answers. */
export interface Given {
  readonly facts: AzureErrorFacts;
  readonly asked: Asked;
  readonly message: string;
  readonly common: Pick<ErrorFacts, 'where' | 'cause'>;
}

/** Sent, and nobody knows. */
export function inDoubt(message: string, facts: ErrorFacts): DoubtError {
  return new DoubtError(message, {
    next: 'Nothing is repeated blindly: both slots are read to see what happened.',
    ...facts,
  });
}

/** `retryAfterMs` as an error takes it: absent when the server named none. */
export function retryAfterOf({ retryAfterMs }: AzureErrorFacts): Pick<ErrorFacts, 'retryAfterMs'> {
  return retryAfterMs === null ? {} : { retryAfterMs };
}
