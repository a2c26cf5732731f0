/** Append-only record of what happened. If it is not there, it did not happen. */
import type { Happening, Recorded } from './events.ts';

export interface Journal {
  /** Resolves when the entry cannot be lost any more. */
  append(event: Happening): Promise<void>;
  readonly entries: readonly Recorded[];
}
