/** Faults that make an app slow and that a rehearsal in compressed time cannot show. */
import { parse } from 'yaml';
import { parseDuration } from '../config/duration.ts';
import { writeSpan } from '../report/words.ts';

export interface SlowFaultsRequest {
  /** The text of a faults file; one that cannot be understood is the emulator's to refuse. */
  readonly text: string;
  readonly timeScale: number;
  /** `probes.timeout`: it counts the wall's time, because that is how requests end. */
  readonly probeTimeoutMs: number;
}

/** One warning for each delay of an app that a probe would not survive in Azure, and does not notice here. */
export function findUnseenDelays({ text, timeScale, probeTimeoutMs }: SlowFaultsRequest): readonly string[] {
  return [...new Set(readDelaysMs(text))]
    .filter((delayMs) => delayMs > probeTimeoutMs && delayMs / timeScale < probeTimeoutMs)
    .map(
      (delayMs) =>
        `A fault makes the app answer after ${writeSpan(delayMs)}, which is ${writeSpan(delayMs / timeScale)} at ` +
        `--time-scale ${timeScale}; probes.timeout (${writeSpan(probeTimeoutMs)}) counts real time and will not ` +
        `see it. To see it: --time-scale ${slowEnough(delayMs / probeTimeoutMs)}`,
    );
}

/** Below the scale at which the delay is as long as the time-out, in whole numbers where there is one. */
function slowEnough(limit: number): number {
  return Math.max(1, Math.ceil(limit) - 1);
}

function readDelaysMs(text: string): readonly number[] {
  const faults = parseSilently(text);
  if (!Array.isArray(faults)) return [];
  return faults.flatMap((fault) => {
    const delay = fieldOf(fieldOf(fieldOf(fieldOf(fault, 'then'), 'app'), 'sick'), 'delay');
    const delayMs = typeof delay === 'string' ? parseDuration(delay) : delay;
    return typeof delayMs === 'number' ? [delayMs] : [];
  });
}

function parseSilently(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return null;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
