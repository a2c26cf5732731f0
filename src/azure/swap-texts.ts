/** What App Service says when it will not, or could not, swap or change a site: azure-platform.md §3.4, row by row. */
import { type ErrorFacts, RefusalError, type SlotwaveError, TransientError } from '../errors.ts';
import { type Given, inDoubt, retryAfterOf } from './asked.ts';

/** What the engine does about it; src/rollout/move.ts and doubt.ts are where. */
export type SwapAction =
  /** Nothing moved: the candidate is looked at again, and the same is asked for as often as a promotion may be. */
  | 'retry'
  /** Nothing moved, and one more request is all that it is worth. */
  | 'retry-once'
  /** Nobody knows: both slots are read until it is clear, before anything is asked for again. */
  | 'wait-and-look'
  /** The same; and what stays prepared is cancelled on both slots. */
  | 'look-and-reset'
  /** It will not work as things are: the target counts as failed. */
  | 'refuse';

export interface SwapText {
  readonly text: RegExp;
  readonly action: SwapAction;
  readonly code: string;
  readonly next?: string;
}

const bringLog =
  'Look at the log stream of the staging slot: its host does not come up with the settings of production.';
const cleanUp =
  'An earlier swap was left half done. Cancel it (az webapp deployment slot swap --action reset, or "Cancel swap" in the portal) on both slots.';

/** The first row whose text is in the answer counts. Statuses are not asked: each came with several (§3.4). */
export const swapTexts: readonly SwapText[] = [
  { text: /another operation is in progress/i, action: 'wait-and-look', code: 'operation-in-progress' },
  {
    text: /did not respond to http ping/i,
    action: 'retry-once',
    code: 'swap-ping-failed',
    next: bringLog,
  },
  {
    text: /worker process for .* could not be started/i,
    action: 'retry-once',
    code: 'swap-worker-not-started',
    next: bringLog,
  },
  {
    text: /allocation of VM instances .* has changed/i,
    action: 'retry',
    code: 'swap-instances-changed',
  },
  {
    text: /application initialization in .* (took too long or failed)/i,
    action: 'refuse',
    code: 'swap-initialization-failed',
    next: bringLog,
  },
  {
    text: /warmup requests to application in .* have timed out/i,
    action: 'refuse',
    code: 'swap-warmup-timed-out',
    next: bringLog,
  },
  { text: /unexpected error swapping slots/i, action: 'look-and-reset', code: 'swap-outcome-unknown' },
  {
    text: /have been prepared for swap|has already been prepared for swap/i,
    action: 'look-and-reset',
    code: 'slot-prepared',
    next: cleanUp,
  },
  {
    text: /slots has site authentication enabled/i,
    action: 'refuse',
    code: 'swap-not-possible',
    next: 'Azure previews no swap where App Service authentication is on: leave out swap.preview, or switch authentication off on both slots.',
  },
  {
    text: /SiteConfig\.PublicNetworkAccess cannot be modified/i,
    action: 'refuse',
    code: 'network-access-conflict',
    next: 'Set publicNetworkAccess on the site and on the slot themselves, and take it out of their siteConfig.',
  },
];

const scopeLocked: SwapText = {
  text: /^/,
  action: 'refuse',
  code: 'resource-locked',
  next: 'A lock on this resource, its group or its subscription forbids changes: remove it, or have it removed, for the deployment.',
};

/** Null: none of these texts, so the status decides. */
export function classifySwapText(given: Given): SlotwaveError | null {
  const { facts } = given;
  if (facts.status === 401 || facts.status === 403 || facts.status === 404) return null;
  if (facts.code === 'ScopeLocked') return say(scopeLocked, given);
  const row = swapTexts.find(({ text }) => text.test(facts.message));
  return row ? say(row, given) : null;
}

function say({ action, code, next }: SwapText, given: Given): SlotwaveError {
  const { facts, asked, message, common } = given;
  const all: ErrorFacts = {
    ...common,
    code,
    ...(next === undefined ? {} : { next }),
    ...retryAfterOf(facts),
  };
  switch (action) {
    case 'refuse':
      return new RefusalError(message, all);
    case 'retry':
      return new TransientError(message, all);
    case 'retry-once':
      return new TransientError(message, { ...all, retryLimit: 1 });
    case 'wait-and-look':
      // What is in progress may be our own swap, sent before and never answered.
      return asked.act === 'swap' && !isNeighbour(given)
        ? inDoubt(message, all)
        : new TransientError(message, all);
    case 'look-and-reset':
      if (asked.act === 'swap') return inDoubt(message, all);
      // A swap that is under way prepares its slot as well, so only a swap's answer may be about one of ours.
      if (code === 'slot-prepared') return new RefusalError(message, all);
      return asked.act === 'read' ? new TransientError(message, all) : inDoubt(message, all);
    default:
      return action satisfies never;
  }
}

/** A 409 of the plan names the site whose operation runs (`SiteName: x,`); another one's cannot be ours. */
function isNeighbour({ facts, asked }: Given): boolean {
  if (!/web hosting plan/i.test(facts.message) || asked.site === undefined) return false;
  const running = /\bSiteName: ([^,\s(]+)/.exec(facts.message)?.[1];
  return running !== undefined && running.toLowerCase() !== asked.site.toLowerCase();
}
