/** What App Service says when it will not, or could not, swap or change a site: azure-platform.md §3.4, row by row. */
import { type ErrorFacts, RefusalError, type SlotwaveError, TransientError } from '../errors.ts';
import { type Given, inDoubt, retryAfterOf } from './asked.ts';

interface Row {
  readonly text: RegExp;
  /** not-now: certainly nothing moved, and asking later may help. never: it will not, as things are. */
  readonly means: 'not-now' | 'never' | 'unknown' | 'prepared' | 'busy-site' | 'busy-plan';
  readonly code: string;
  readonly next?: string;
}

const bringLog =
  'Look at the log stream of the staging slot: its host does not come up with the settings of production.';
const cleanUp =
  'An earlier swap was left half done. Cancel it (az webapp deployment slot swap --action reset, or "Cancel swap" in the portal) on both slots.';

const rows: readonly Row[] = [
  { text: /another operation is in progress/i, means: 'busy-site', code: 'operation-in-progress' },
  { text: /did not respond to http ping/i, means: 'not-now', code: 'swap-ping-failed', next: bringLog },
  {
    text: /worker process for .* could not be started/i,
    means: 'not-now',
    code: 'swap-worker-not-started',
    next: bringLog,
  },
  { text: /allocation of VM instances .* has changed/i, means: 'not-now', code: 'swap-instances-changed' },
  {
    text: /application initialization in .* (took too long or failed)/i,
    means: 'never',
    code: 'swap-initialization-failed',
    next: bringLog,
  },
  {
    text: /warmup requests to application in .* have timed out/i,
    means: 'never',
    code: 'swap-warmup-timed-out',
    next: bringLog,
  },
  { text: /unexpected error swapping slots/i, means: 'unknown', code: 'swap-outcome-unknown' },
  {
    text: /have been prepared for swap|has already been prepared for swap/i,
    means: 'prepared',
    code: 'slot-prepared',
    next: cleanUp,
  },
  { text: /slots has site authentication enabled/i, means: 'never', code: 'swap-not-possible' },
];

const scopeLocked: Row = {
  text: /^/,
  means: 'never',
  code: 'resource-locked',
  next: 'A lock on this resource, its group or its subscription forbids changes: remove it, or have it removed, for the deployment.',
};

/** Null: none of these texts, so the status decides. */
export function classifySwapText(given: Given): SlotwaveError | null {
  const { facts } = given;
  if (facts.status === 401 || facts.status === 403 || facts.status === 404) return null;
  if (facts.code === 'ScopeLocked') return say(scopeLocked, given);
  const row = rows.find(({ text }) => text.test(facts.message));
  if (!row) return null;
  const busyPlan = row.means === 'busy-site' && /web hosting plan/i.test(facts.message);
  return say(busyPlan ? { ...row, means: 'busy-plan' } : row, given);
}

function say({ means, code, next }: Row, { facts, asked, message, common }: Given): SlotwaveError {
  const all: ErrorFacts = {
    ...common,
    code,
    ...(next === undefined ? {} : { next }),
    ...retryAfterOf(facts),
  };
  switch (means) {
    case 'never':
      return new RefusalError(message, all);
    case 'not-now':
      return new TransientError(message, all);
    case 'unknown':
      return asked.act === 'read' ? new TransientError(message, all) : inDoubt(message, all);
    case 'prepared':
      // A swap that is under way prepares its slot as well: asked by a swap, it may be one of ours.
      return asked.act === 'swap' ? inDoubt(message, all) : new RefusalError(message, all);
    case 'busy-site':
      // What is in progress may be our own swap, sent before and never answered.
      return asked.act === 'swap' ? inDoubt(message, all) : new TransientError(message, all);
    case 'busy-plan':
      return asked.act === 'swap' && !isNeighbour(facts.message, asked.site)
        ? inDoubt(message, all)
        : new TransientError(message, all);
    default:
      return means satisfies never;
  }
}

/** The 409 names the site whose operation runs (`SiteName: x,`); another one's cannot be ours. */
function isNeighbour(message: string, site: string | undefined): boolean {
  const running = /\bSiteName: ([^,\s(]+)/.exec(message)?.[1];
  return running !== undefined && site !== undefined && running.toLowerCase() !== site.toLowerCase();
}
