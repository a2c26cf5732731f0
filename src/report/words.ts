/** How amounts, spans and ids are written, the same in every report. */
import { shortenId } from '../plan/layout.ts';

/** `00:07`, `02:13`, `1:02:13`: a span of a clock. */
export function writeElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${String(m).padStart(2, '0')}:${String(s).padStart(2, '0')}`;
  return h > 0 ? `${h}:${tail}` : tail;
}

/** `250 ms`, `7 s`, `2 min 13 s`, `1 h 02 min`: a span in a sentence. */
export function writeSpan(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Decimal units, as networks and disks are sold: `812 B`, `1.4 MB`, `23 MB`. */
export function writeBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 || amount >= 10 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

/** A release id in a sentence; a slot without one was not filled by slotwave. */
export function writeRelease(id: string | null): string {
  return id ?? 'a release without stamp';
}

/** A release id in a table's cell, as the plan shows it too. */
export function writeShortRelease(id: string | null | undefined): string {
  if (id === undefined) return '?';
  return id === null ? 'no stamp' : shortenId(id);
}

/** `1 target`, `3 targets`. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
  return `${amount} ${amount === 1 ? singular : plural}`;
}

/** `a`, `a and b`, `a, b and c`; beyond `limit` the rest is counted. */
export function list(names: readonly string[], limit = 12): string {
  const shown =
    names.length > limit ? [...names.slice(0, limit - 1), `${names.length - limit + 1} more`] : names;
  if (shown.length <= 1) return shown[0] ?? 'none';
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
