/** How packages are called in the store, and by what we know our own again. */
import { createHash } from 'node:crypto';
import type { Target } from '../plan/fleet.ts';
import type { Release } from '../release/release.ts';
import type { ListedBlob, Metadata } from './store-client.ts';

/** Whose packages they are: an app, and the targets that it is shipped to. */
export interface PackageOwner {
  readonly app: string;
  readonly targets: readonly Target[];
}

/** Each app's packages stand together: `orders/<digest>.zip`. */
export function folderOf({ app }: Pick<PackageOwner, 'app'>): string {
  return `${app}/`;
}

export function nameOf(owner: PackageOwner | undefined, { digest }: Pick<Release, 'digest'>): string {
  return `${owner ? folderOf(owner) : ''}${digest}.zip`;
}

const releaseKey = 'slotwave_release';
const targetsKey = 'slotwave_targets';

/** Whoever may write to the container may write anything into a label. */
const releasePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,220}$/;

/** A blob's metadata may have 8 KiB. Of a fleet beyond that no package is known again, so none is ever deleted. */
const maxMarks = 1_200;

/** What is written beside the bytes: the release, and for which targets it was. */
export function labelOf(owner: PackageOwner | undefined, { id }: Pick<Release, 'id'>): Metadata {
  if (!owner || owner.targets.length === 0 || owner.targets.length > maxMarks) return {};
  return { [releaseKey]: id, [targetsKey]: owner.targets.map(markOf).join('') };
}

/**
 * The release that lies there, when it is certainly ours: by its name, by its label, and because each target that it
 * was for is one of these. A fleet of the same name elsewhere may run what we know nothing of.
 */
export function readLabel(owner: PackageOwner, { name, metadata }: ListedBlob): string | null {
  const folder = folderOf(owner);
  if (!name.startsWith(folder) || !/^[0-9a-f]{64}\.zip$/.test(name.slice(folder.length))) return null;
  const release = metadata[releaseKey] ?? '';
  const marks = metadata[targetsKey]?.match(/[\w-]{6}/g) ?? [];
  const own = new Set(owner.targets.map(markOf));
  const isOurs = marks.length > 0 && marks.every((mark) => own.has(mark));
  return isOurs && releasePattern.test(release) ? release : null;
}

/**
 * Six letters for a slot: so many of them fit in metadata, and two of one fleet hardly ever share theirs. Another slot
 * of the same site is another fleet's.
 */
function markOf({ subscriptionId, resourceGroup, site, slot }: Target): string {
  const id = `${subscriptionId}/${resourceGroup}/${site}/${slot}`.toLowerCase();
  return createHash('sha256').update(id).digest('base64url').slice(0, 6);
}
