/** After the job's last step: a rollout whose step was killed is written down as interrupted, and told how to go on. */
import { systemClock } from '../clock.ts';
import { writeSummary } from '../report/summary.ts';
import type { Host } from './build-door.ts';
import { finishJournal } from './finish-journal.ts';
import { redact } from './secrets.ts';

/** What a step leaves behind for this, kept by the runner as soon as it is said; empty when it was not. */
export interface StepState {
  /** Where the rollout is written down. */
  readonly folder: string;
  readonly pid: string;
  /** The step itself told how it ended. */
  readonly told: string;
}

export async function finishStep(host: Host, { folder, pid, told }: StepState): Promise<number> {
  if (folder === '' || told !== '') return 0;
  const { kind, entries } = await finishJournal(folder, Number(pid), readClock(host));
  const rollout = entries[0]?.rollout;
  if (rollout === undefined) return 0;
  if (kind === 'running') {
    host.warning({
      title: 'The rollout may still be running',
      text: `Rollout ${rollout}: its process did not end. Its journal is left alone: ${folder}`,
    });
    return 0;
  }
  if (kind === 'interrupted')
    host.warning({
      title: 'The rollout was interrupted',
      text: `Rollout ${rollout} was killed in the middle. Nothing is lost: run it again with command: resume and rollout: ${rollout}, where its state folder is.`,
    });
  await host.summary(redact(writeSummary(entries, host)));
  return 0;
}

function readClock({ environment }: Host) {
  const [scale, anchorMs] = [
    Number(environment['SLOTWAVE_TIME_SCALE'] || 1),
    Number(environment['SLOTWAVE_ANCHOR'] || 0),
  ];
  return systemClock(anchorMs > 0 ? { scale, anchorMs } : { scale });
}
