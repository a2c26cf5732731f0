/** What `slotwave probe` tells people: a line for each place, and the cause below it where it is not well. */
import { count, writeSpan } from '../report/words.ts';
import type { Probed } from './probe-once.ts';

/** Not neutralised yet. */
export function tellProbed(probed: readonly Probed[], tookMs: number): readonly string[] {
  const names = Math.max(0, ...probed.map(({ target }) => target.length));
  const places = Math.max(0, ...probed.map((each) => tellPlace(each).length));
  const well = probed.filter(({ diagnosis }) => diagnosis === null).length;
  const toldBefore = new Set<string>();
  return [
    ...probed.flatMap((each) => [
      `${each.target.padEnd(names)}  ${tellPlace(each).padEnd(places)}  ${tellState(each)}`,
      ...tellCause(each, toldBefore),
    ]),
    `${well} of ${count(probed.length, 'place')} well; took ${(tookMs / 1000).toFixed(1)} s`,
  ];
}

function tellPlace({ side, door }: Probed): string {
  const slot = side === 'live' ? 'production' : 'staging';
  return door === 'scm' ? `${slot}, SCM` : slot;
}

function tellState(probed: Probed): string {
  const { condition, diagnosis, tookMs } = probed;
  const verdict = diagnosis === null ? (condition === 'reached' ? 'reached' : 'well') : 'NOT WELL';
  const found = diagnosis === null ? tellFindings(probed) : [diagnosis.code];
  return [verdict, tellWay(probed), ...found, writeSpan(tookMs)].join('; ');
}

/** `direct, 10.1.0.4 (private)`. */
function tellWay({ vantage, address, isPrivate }: Probed): string {
  if (address === null) return `by ${vantage}`;
  const kind = isPrivate === null ? '' : ` (${isPrivate ? 'private' : 'public'})`;
  return `by ${vantage}, ${address}${kind}`;
}

/** `host Running`, `release r-2`, `2 functions`, and the checks by their names. */
function tellFindings({ findings }: Probed): readonly string[] {
  const own: readonly string[] = ['host', 'release', 'functions'];
  const saidOf = (check: string) => findings.find((finding) => finding.check === check)?.said ?? '?';
  const others = findings.filter(({ check, condition }) => !own.includes(check) && condition === 'healthy');
  const unasked = findings.filter(({ condition }) => condition === 'unasked');
  if (findings.length === 0) return [];
  return [
    `host ${saidOf('host')}`,
    saidOf('functions'),
    `release ${saidOf('release')}`,
    ...(others.length > 0 ? [`passes ${others.map(({ check }) => check).join(', ')}`] : []),
    ...unasked.map(({ check, said }) => `${check} not asked: ${said}`),
  ];
}

/** What to do is told once, were it for a hundred places. */
function tellCause({ diagnosis }: Probed, toldBefore: Set<string>): readonly string[] {
  if (diagnosis === null) return [];
  const { said, next, certainty, docs } = diagnosis;
  const told = toldBefore.has(next) ? 'as said above' : next;
  toldBefore.add(next);
  const sure = certainty === 'certain' ? '' : ' (likely, not certain)';
  return [`    What is so: ${said}${sure}`, `    What to do: ${told}`, `    About it:   ${docs}`];
}
