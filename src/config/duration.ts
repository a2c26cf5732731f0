/** Durations as people write them: `250ms`, `90s`, `10m`, `1h30m`. A bare number says no unit and is refused. */
export const durationPattern = /^(?=\d)(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

const unitsMs = [3_600_000, 60_000, 1_000, 1] as const;

/** Milliseconds, or null when the text is not a duration. */
export function parseDuration(text: string): number | null {
  const match = durationPattern.exec(text);
  if (!match) return null;
  return unitsMs.reduce((sumMs, unitMs, at) => sumMs + Number(match[at + 1] ?? 0) * unitMs, 0);
}
