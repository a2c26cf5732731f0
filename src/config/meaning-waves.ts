/** Waves that would take nobody, or leave somebody out. */
import { quote } from './found.ts';
import type { Complaint } from './meaning.ts';
import { findNearest } from './nearest.ts';
import type { Outline, OutlinedTarget, OutlinedWave } from './outline.ts';

export function checkWaves(outline: Outline): readonly Complaint[] {
  const complete = outline.complete;
  return [
    ...findRepeatedNames(outline.waves),
    ...outline.waves.flatMap(checkSelectors),
    ...findAfterRest(outline.waves),
    ...(complete ? outline.waves.flatMap((wave) => checkTargetNames(wave, outline.targets)) : []),
    ...(complete ? outline.waves.flatMap((wave) => checkLabels(wave, outline.targets)) : []),
    ...findLeftOut(outline),
  ];
}

const at = (wave: OutlinedWave, key?: string) => ['strategy', 'waves', wave.at, ...(key ? [key] : [])];

function findRepeatedNames(waves: readonly OutlinedWave[]): readonly Complaint[] {
  const firsts = new Map<string, number>();
  return waves.flatMap((wave) => {
    if (wave.name === null) return [];
    const first = firsts.get(wave.name);
    firsts.set(wave.name, first ?? wave.at);
    if (first === undefined) return [];
    const message = `is also the name of strategy.waves[${first}]`;
    return [
      {
        path: at(wave, 'name'),
        message,
        found: quote(wave.name),
        expected: 'a name of its own for every wave',
      },
    ];
  });
}

function checkSelectors(wave: OutlinedWave): readonly Complaint[] {
  const written = (['match', 'targets', 'count', 'percent'] as const).filter((key) => wave[key] !== null);
  const exclusive = [
    ['count', 'percent'],
    ['targets', 'match'],
    ['targets', 'count'],
    ['targets', 'percent'],
  ] as const;
  const clash = exclusive.find((pair) => pair.every((key) => written.includes(key)));
  if (!clash) return [];
  return [
    {
      path: at(wave, clash[1]),
      atKey: true,
      message: `cannot stand beside ${clash[0]} in one wave`,
      found: written.join(' and '),
      expected: `${clash[0]} or ${clash[1]}`,
      next: 'Remove one of them, or make two waves.',
    },
  ];
}

function findAfterRest(waves: readonly OutlinedWave[]): readonly Complaint[] {
  const rest = waves.findIndex((wave) => wave.takesRest);
  if (rest < 0) return [];
  return waves.slice(rest + 1).map((wave) => ({
    path: at(wave),
    message: `comes after wave ${quote(waves[rest]?.name ?? String(rest))}, which takes all the rest, and would be empty`,
    expected: 'the wave without match, targets, count or percent as the last one',
    next: `Move it up, or say which targets strategy.waves[${rest}] takes.`,
  }));
}

function checkTargetNames(wave: OutlinedWave, targets: readonly OutlinedTarget[]): readonly Complaint[] {
  const known = [...new Set(targets.flatMap((target) => target.name ?? []))];
  return (wave.targets ?? []).flatMap((name, index) => {
    if (known.includes(name)) return [];
    const near = findNearest(name, known);
    return [
      {
        path: [...at(wave, 'targets'), index],
        message: 'is not the name of a target',
        found: quote(name),
        expected: `one of ${listWords(known)}`,
        ...(near ? { next: `Did you mean ${near}?` } : {}),
      },
    ];
  });
}

function checkLabels(wave: OutlinedWave, targets: readonly OutlinedTarget[]): readonly Complaint[] {
  return Object.entries(wave.match ?? {}).flatMap(([label, value]): readonly Complaint[] => {
    const holders = targets.filter((target) => Object.hasOwn(target.labels, label));
    const path = [...at(wave, 'match'), label];
    if (holders.length === 0) return [describeUnknownLabel(path, label, targets)];
    const values = [...new Set(holders.map((target) => target.labels[label]!))];
    if (values.includes(value)) return [];
    const near = findNearest(value, values);
    return [
      {
        path,
        message: `is a value of label ${quote(label)} that no target has`,
        found: quote(value),
        expected: `one of ${listWords(values)}`,
        ...(near ? { next: `Did you mean ${near}?` } : {}),
      },
    ];
  });
}

function describeUnknownLabel(
  path: Complaint['path'],
  label: string,
  targets: readonly OutlinedTarget[],
): Complaint {
  const known = [...new Set(targets.flatMap((target) => Object.keys(target.labels)))];
  const near = findNearest(label, known);
  return {
    path,
    atKey: true,
    message: 'is a label that no target has',
    found: quote(label),
    expected: known.length > 0 ? `one of ${listWords(known)}` : 'a label; no target has any',
    next: near ? `Did you mean ${near}?` : `Give the targets that are meant: labels: { ${label}: … }`,
  };
}

/**
 * A lower bound: `count` and `percent` may take the same targets that a later `match` means, so that more are
 * left out than this finds. The plan knows exactly; here nothing right may be refused.
 */
function findLeftOut({ waves, targets, complete, discovers }: Outline): readonly Complaint[] {
  if (waves.length === 0 || waves.some((wave) => wave.takesRest)) return [];
  const next = 'Add a last wave without a selector: - { name: rest }';
  const expected = 'a last wave without match, targets, count or percent';
  if (discovers) {
    return [
      {
        path: ['strategy', 'waves'],
        message: 'have no wave for the rest of what discovery may find',
        expected,
        next,
      },
    ];
  }
  if (!complete) return [];
  const unnamed = targets.filter((target) => !waves.some((wave) => names(wave, target)));
  const taken = waves.reduce((sum, wave) => sum + countTaken(wave, targets.length), 0);
  if (unnamed.length <= taken) return [];
  const left = unnamed.slice(taken).map((target) => target.name ?? '');
  const message =
    taken === 0 ? `leave out ${listWords(left)}` : `leave out ${left.length} of ${targets.length} targets`;
  return [{ path: ['strategy', 'waves'], message, expected, next }];
}

function names(wave: OutlinedWave, target: OutlinedTarget): boolean {
  if (wave.targets) return target.name !== null && wave.targets.includes(target.name);
  if (!wave.match || wave.count !== null || wave.percent !== null) return false;
  return Object.entries(wave.match).every(([label, value]) => target.labels[label] === value);
}

function countTaken(wave: OutlinedWave, targetCount: number): number {
  if (wave.count !== null) return wave.count;
  return wave.percent === null ? 0 : Math.max(1, Math.floor((targetCount * wave.percent) / 100));
}

function listWords(words: readonly string[]): string {
  return words.length > 12
    ? `${words.slice(0, 12).join(', ')} and ${words.length - 12} more`
    : words.join(', ');
}
