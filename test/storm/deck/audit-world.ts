/** Law 4: what the end says of each target is what Azure has. And nothing else was touched. */
import type { Baggage } from '../stage.ts';
import { findEnd } from './audit-outcome.ts';
import type { Stand } from './facts.ts';
import type { Played } from './play-hand.ts';

/** The standings are read within this time before the end is written: four tries, and slow answers. */
const readingMs = 10 * 60_000;

export function auditWorld(played: Played, baggage: Baggage): readonly string[] {
  return [
    ...auditStandings(played),
    ...auditSites(played, baggage),
    ...auditTouched(played),
    ...auditLeft(played),
  ];
}

function auditStandings({ entries, plan, facts, meddled }: Played): readonly string[] {
  const ended = findEnd(entries);
  const endedMs = Date.parse(ended.at);
  const names = plan.targets.map(({ facts: { target } }) => target.name);
  const missing = names.filter((name) => !ended.standings.some(({ target }) => target === name));
  const wrong = missing.map((name) => `the end says nothing of ${name}`);
  for (const { target, live, beside, readable } of ended.standings) {
    if (!readable) continue;
    const isMeddled = meddled.some(({ stranger }) => stranger.site === target);
    const since = isMeddled ? endedMs - readingMs : endedMs;
    const was = (stand: Stand) => stand.live === live && stand.beside === beside;
    const during = [facts.standAt(target, since), ...facts.stands(target).filter(({ atMs }) => atMs > since)];
    const possible = isMeddled ? during : during.slice(0, 1);
    if (possible.some(was)) continue;
    const { live: reallyLive, beside: reallyBeside } = facts.standAt(target, endedMs);
    wrong.push(
      `the end says that ${target} runs ${live} with ${beside} beside; it runs ${reallyLive} with ${reallyBeside} beside`,
    );
  }
  return wrong;
}

function auditSites(played: Played, baggage: Baggage): readonly string[] {
  const { world, hand, meddled, outcome } = played;
  const wrong: string[] = [];
  const contents = new Map([[baggage.release.id, baggage.release.digest]]);
  for (const [name, site] of Object.entries(world.sites)) {
    const isMeddled = meddled.some(({ stranger }) => stranger.site === name);
    const live = site.slots['production'];
    if (live?.settings['SECRET'] !== `secret-of-${name}`) wrong.push(`${name} lost a sticky setting`);
    if (site.operation !== null) wrong.push(`${name} has an operation in progress`);
    const content = contents.get(live?.release ?? '');
    if (!isMeddled && content !== undefined && live?.content !== content)
      wrong.push(`${name} says it runs ${live?.release}, and its files are others`);
    if (outcome === 'refused' && !isMeddled) {
      const stampless = hand.scenario.sites.find((each) => each.name === name)?.stampless ?? false;
      const before = stampless ? null : baggage.incumbentId;
      if (live?.release !== before) wrong.push(`refused, and ${name} runs ${live?.release}`);
    }
  }
  return wrong;
}

/** What a refusal leaves behind: no prepared slot, and the settings of before, unless it says that it could not. */
function auditLeft({ world, entries, hand, outcome, meddled }: Played): readonly string[] {
  const wrong: string[] = [];
  // Where nobody may be able to write, or what was written comes late, slots can stay as they are.
  if (!hand.allowed || hand.severity !== 'harmless') return wrong;
  for (const { name, staging } of hand.scenario.sites) {
    const slots = Object.values(world.sites[name]?.slots ?? {});
    const isMeddled = meddled.some(({ stranger }) => stranger.site === name);
    if (outcome !== 'halted' && slots.some(({ preparedFor }) => preparedFor !== null))
      wrong.push(`${name} was left prepared for a swap`);
    if (outcome !== 'refused' || isMeddled) continue;
    const told = entries.find((entry) => entry.type === 'settings.restored' && entry.target === name);
    const isLeft = told?.type === 'settings.restored' && told.left.includes('ORDERS_VERSION');
    const found = world.sites[name]?.slots['staging']?.settings['ORDERS_VERSION'];
    if (!isLeft && found !== staging?.['ORDERS_VERSION'])
      wrong.push(`refused, and the staging slot of ${name} keeps the new settings`);
  }
  return wrong;
}

/**
 * Production itself is never written to: what becomes live comes by a swap. A half prepared swap is cancelled on
 * both sides, and the names of settings that stay are the site's.
 */
function auditTouched({ sent }: Played): readonly string[] {
  return sent
    .filter(({ path }) => !/\/(resetSlotConfig|config\/slotConfigNames)$/i.test(path))
    .filter(({ path }) => !path.includes('/slots/') && !/^\/\/[^/]+-staging\./.test(path))
    .map(({ method, path }) => `something other than a staging slot was written to: ${method} ${path}`);
}
