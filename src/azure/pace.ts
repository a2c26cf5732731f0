/** When to look next at something that Azure is doing: seldom while it cannot be over, often when it may be. */

export interface Pace {
  /** How long it is likely to take, from the same instant as what has passed. */
  readonly expectedMs: number;
  /** True where nobody knows: what is usual was taken for it. */
  readonly isGuess: boolean;
  /** From one look to the next where the end is near. */
  readonly nearMs: number;
  /** The same, at the most, where the end is far. */
  readonly farMs: number;
  /** The same, at the most, where it should have ended long ago. */
  readonly lateMs: number;
}

/** An end may be so much earlier than expected: from there on the looks are close together. */
const spread = 0.15;
/** A step is no shorter than this part of the time that has passed, so half of it is lost at the end, on average. */
const share = 0.04;
/** The same, at the most, where the end is far and only guessed. */
const guessShare = 0.25;
/** Longer than this nobody waits who was only asked to; the governor lets nothing wait longer either. */
const longestAskedMs = 120_000;

/**
 * How long until the next look. On average half a step is lost at the end: 2 s of a swap of two minutes, or half of
 * what the server asks for.
 *
 * @param askedMs what the server asks for (`Retry-After`): nobody comes back sooner. Null: nothing.
 */
export function nextLookMs(pace: Pace, elapsedMs: number, askedMs: number | null): number {
  const ownMs = Math.min(pace.lateMs, Math.max(pace.nearMs, elapsedMs * share));
  const stepMs = Math.max(ownMs, Math.min(askedMs ?? 0, longestAskedMs));
  const farMs = pace.expectedMs * (1 - spread) - elapsedMs;
  // A failure comes early, and who expects may be wrong: half of the way at a time, and the last of it at once.
  const jumpMs = Math.min(pace.farMs, farMs > 4 * stepMs ? farMs / 2 : farMs);
  return Math.ceil(Math.max(stepMs, pace.isGuess ? Math.min(jumpMs, elapsedMs * guessShare) : jumpMs));
}
