/** A journal whose process is gone: it is written down that it was, so that nobody takes it for running. */
import { type Clock, systemClock } from '../clock.ts';
import type { Recorded } from '../rollout/events.ts';
import { openJournal, readJournal } from './journal-file.ts';

export interface FinishedJournal {
  /** `untouched`: it says already how it ended, or never began. `running`: somebody may still write to it. */
  readonly kind: 'untouched' | 'interrupted' | 'running';
  readonly entries: readonly Recorded[];
}

/** How long a process that was asked to end may take. */
const graceMs = 5_000;
const lookMs = 200;

export async function finishJournal(folder: string, pid: number, clock: Clock): Promise<FinishedJournal> {
  if (!(await isGone(pid))) return { kind: 'running', entries: await readJournal(folder) };
  const entries = await readJournal(folder);
  const last = entries.at(-1);
  if (last === undefined || last.type === 'rollout.ended' || last.type === 'rollout.interrupted')
    return { kind: 'untouched', entries };
  const journal = await openJournal(folder, clock);
  try {
    await journal.append({ type: 'rollout.interrupted', signal: 'SIGKILL' });
    return { kind: 'interrupted', entries: [...journal.entries] };
  } finally {
    await journal.close();
  }
}

/** On the wall's clock: processes do not end faster because a rehearsal's time does. */
async function isGone(pid: number): Promise<boolean> {
  for (let waitedMs = 0; isAlive(pid); waitedMs += lookMs) {
    if (waitedMs >= graceMs) return false;
    await systemClock().sleep(lookMs);
  }
  return true;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // It is there, and somebody else's: not the one that we mean.
    return false;
  }
}
