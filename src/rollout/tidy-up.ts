/** What a rollout leaves behind on targets that it did not promote: no prepared slot, and the settings from before. */
import { asSlotwaveError } from '../errors.ts';
import type { Outcome } from './events.ts';
import { createPool } from './pool.ts';
import { cancelPreview } from './preparation.ts';
import { recallCandidate } from './prepare.ts';
import { recall } from './recall.ts';
import { allEnded, type Run } from './run.ts';

/**
 * Before the last word. Nothing that goes wrong here changes the outcome: production is not concerned. A halted
 * rollout is left as it stands, for people to look at, except for a preview that nothing has followed.
 */
export async function tidyUp(run: Run, outcome: Outcome): Promise<void> {
  const pool = createPool(run.plan.strategy, null, false);
  const { promoted, others } = sortOut(run);
  await allEnded(
    others.map((name) =>
      pool.run(run.facts(name), async () => {
        const candidate = recallCandidate(run, name);
        if (candidate) await cancelPreview(run, candidate, 'the rollout ends without promoting it');
        if (outcome === 'refused' || (outcome !== 'halted' && isRefusedAlone(run, name)))
          await restoreOne(run, name);
      }),
    ),
  );
  // A promotion that certainly failed may have left its preview behind; one in doubt is not touched.
  const failed = promoted.filter((name) => recall(run.entries, 'promote.failed', name));
  await allEnded(
    failed.map(async (name) => {
      const candidate = recallCandidate(run, name);
      if (candidate) await cancelPreview(run, candidate, 'the promotion failed');
    }),
  );
}

function sortOut(run: Run) {
  const wasBegun = (name: string) => recall(run.entries, 'promote.begun', name) !== null;
  return {
    promoted: run.names.filter(wasBegun),
    others: run.names.filter((name) => !wasBegun(name)),
  };
}

/** Failed or refused in staging while the rollout went on without it. */
function isRefusedAlone(run: Run, name: string): boolean {
  return (
    recall(run.entries, 'target.failed', name) !== null ||
    recall(run.entries, 'target.refused', name) !== null
  );
}

const maxTries = 3;
const retryMs = 15_000;

async function restoreOne(run: Run, target: string): Promise<void> {
  const kept = recall(run.entries, 'settings.kept', target);
  const { restore } = run.ports.strategy;
  if (!kept || !restore || recall(run.entries, 'settings.restored', target)) return;
  // Nothing was written before staging began.
  if (!recall(run.entries, 'stage.begun', target)) return;
  const { changed, added } = kept;
  for (let tries = 1; ; tries++) {
    run.goOn();
    const end = await restore(run.facts(target).target, { changed, added }).catch(asSlotwaveError);
    run.goOn();
    if (!(end instanceof Error))
      return run.note({ type: 'settings.restored', target, restored: end.restored, left: end.left });
    if (end.kind === 'defect') throw end;
    if (end.kind === 'refusal' || tries >= maxTries) {
      const left = [...changed, ...added];
      return run.note({ type: 'settings.restored', target, restored: [], left, why: end.message });
    }
    await run.pause(end.retryAfterMs ?? retryMs);
  }
}
