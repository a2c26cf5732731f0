/** Targets that cannot stand beside each other. */
import { quote } from './found.ts';
import type { Complaint } from './meaning.ts';
import { asList, asMapping, asText, type Outline, type OutlinedTarget } from './outline.ts';

export function checkFleet(outline: Outline, data: unknown): readonly Complaint[] {
  return [
    ...checkPresence(outline, data),
    ...outline.targets.flatMap(checkSlot),
    ...checkDiscoverSlot(data),
    ...findRepeats(outline.targets, (target) => target.name?.toLowerCase() ?? null, describeSameName),
    ...findRepeats(outline.targets, (target) => target.siteKey, describeSameSite),
    ...findMovedSubscriptions(outline, data),
  ];
}

function checkPresence(outline: Outline, data: unknown): readonly Complaint[] {
  const fleet = asMapping(data)['fleet'];
  if (fleet === undefined || fleet === null || typeof fleet !== 'object' || Array.isArray(fleet)) return [];
  if (outline.discovers || 'targets' in fleet) return [];
  const expected = '`targets`, `discover`, or both';
  return [
    {
      path: ['fleet'],
      message: 'names no target',
      expected,
      next: 'List the function apps under fleet.targets.',
    },
  ];
}

const productionSlot: Omit<Complaint, 'path'> = {
  message: 'is the live slot; a release must be staged beside it',
  found: '"production"',
  expected: 'the name of another slot',
  next: 'Name the staging slot: slot: staging',
};

function checkSlot(target: OutlinedTarget): readonly Complaint[] {
  if (target.slot.toLowerCase() !== 'production') return [];
  return [{ path: ['fleet', 'targets', target.at, 'slot'], ...productionSlot }];
}

function checkDiscoverSlot(data: unknown): readonly Complaint[] {
  const slot = asMapping(asMapping(asMapping(data)['fleet'])['discover'])['slot'];
  if (typeof slot !== 'string' || slot.toLowerCase() !== 'production') return [];
  return [{ path: ['fleet', 'discover', 'slot'], ...productionSlot }];
}

function findRepeats(
  targets: readonly OutlinedTarget[],
  keyOf: (target: OutlinedTarget) => string | null,
  describe: (target: OutlinedTarget, first: OutlinedTarget) => Complaint,
): readonly Complaint[] {
  const firsts = new Map<string, OutlinedTarget>();
  return targets.flatMap((target) => {
    const key = keyOf(target);
    if (key === null) return [];
    const first = firsts.get(key);
    if (first) return [describe(target, first)];
    firsts.set(key, target);
    return [];
  });
}

function describeSameName(target: OutlinedTarget, first: OutlinedTarget): Complaint {
  return {
    path: ['fleet', 'targets', target.at, 'name'],
    message: `is also the name of fleet.targets[${first.at}]`,
    found: quote(target.name ?? ''),
    expected: 'a name of its own for every target (capitals do not count)',
    next: 'Give one of them another `name`.',
  };
}

/** Another slot makes no difference: both would be promoted into the same production. */
function describeSameSite(target: OutlinedTarget, first: OutlinedTarget): Complaint {
  return {
    path: ['fleet', 'targets', target.at, 'resourceId'],
    message: `is the same function app as fleet.targets[${first.at}]`,
    found: quote(target.siteKey?.split('/').at(-1) ?? ''),
    expected: 'every function app once, whatever its slot: it has one production only',
    next: 'Remove one of the two, or correct its resourceId.',
  };
}

/** A subscription is in one tenant of one cloud: two words about that cannot both be true. */
function findMovedSubscriptions({ targets }: Outline, data: unknown): readonly Complaint[] {
  const written = asList(asMapping(asMapping(data)['fleet'])['targets']);
  const firsts = new Map<string, OutlinedTarget>();
  return targets.flatMap((target) => {
    const subscription = target.siteKey?.split('/')[0];
    if (subscription === undefined) return [];
    const first = firsts.get(subscription);
    if (!first) firsts.set(subscription, target);
    const [one, other] = [asMapping(written[first?.at ?? target.at]), asMapping(written[target.at])];
    const key = ['tenantId', 'cloud'].find((name) => fold(one[name]) !== fold(other[name]));
    if (key === undefined || !first) return [];
    return [
      {
        path: ['fleet', 'targets', target.at, ...(key in other ? [key] : [])],
        message: `its ${key} is not that of fleet.targets[${first.at}], which is in the same subscription`,
        found: key in other ? quote(String(other[key])) : 'nothing',
        expected: key in one ? quote(String(one[key])) : `no ${key}`,
        next: `Write the same ${key} at both.`,
      },
    ];
  });
}

function fold(value: unknown): string | null {
  return asText(value)?.toLowerCase().replace(/\/$/, '') ?? null;
}
