/** A world for a rehearsal, made from the config: the fleet as it would be with an older release live. */
import { copyFile, open, readFile, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Config, ConfigTarget } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { checkZip } from '../release/check.ts';
import type { Package } from '../release/package.ts';
import { sealRelease } from '../release/stamp.ts';
import { tellFileError } from './file-errors.ts';

/** The rollout that, in the rehearsal's story, shipped what is live before. */
const earlierRollout = '20200101-000000-prev';

/** Three of Azure's region pairs, for targets that do not say where they are. */
const usualRegions = ['westeurope', 'northeurope', 'eastus', 'westus', 'southeastasia', 'eastasia'] as const;

/**
 * Writes world.json into `folder` and returns its path. One Premium site for each target; production runs the
 * same app under an older stamp, so that there is something to replace and something to come back to.
 */
export async function writeWorld(config: Config, pkg: Package, folder: string): Promise<string> {
  if (config.targets.length === 0) {
    throw new InputError('A fleet that is only discovered says nothing about its sites.', {
      code: 'world-needed',
      where: config.file,
      next: 'List targets under fleet.targets, or describe the sites: slotwave rehearse --world world.yml',
    });
  }
  const earlier = await makeEarlierRelease(pkg, folder);
  const path = join(folder, 'world.json');
  const sites = config.targets.map((target, index) => describeSite(config, target, index, earlier));
  await writeFile(path, JSON.stringify({ network: { hosts: describeHosts(config) }, sites }, null, 2));
  return path;
}

/** What the apps need is there: a rehearsal is about the rollout, and whoever plays an outage writes a world. */
function describeHosts({ probes: { dependencies } }: Config): object {
  const hosts = new Map<string, { addresses: string[]; ports: number[] }>();
  for (const { host: written, port } of dependencies) {
    const host = written.toLowerCase();
    const known = hosts.get(host) ?? { addresses: [isIP(host) === 0 ? '10.0.0.10' : host], ports: [] };
    hosts.set(host, { ...known, ports: [...known.ports, port] });
  }
  return Object.fromEntries(hosts);
}

interface Earlier {
  readonly path: string;
  readonly id: string;
}

function describeSite(config: Config, target: ConfigTarget, index: number, earlier: Earlier): object {
  const region = target.labels['region'] ?? usualRegions[index % usualRegions.length];
  return {
    name: target.site,
    region,
    resourceGroup: target.resourceGroup,
    subscription: target.subscriptionId,
    os: 'linux',
    plan: { name: `${target.site}-plan`, sku: 'EP1' },
    tags: config.discover?.tags ?? {},
    // As the rollout before left it.
    settings: config.settings,
    package: earlier.path,
    release: earlier.id,
    slots: [{ name: target.slot }],
  };
}

/**
 * The same app as other bytes: a comment at the end of the zip changes its digest and nothing that runs. With the
 * very same digest the plan would rightly find nothing to do.
 */
async function makeEarlierRelease(pkg: Package, folder: string): Promise<Earlier> {
  const path = join(folder, 'earlier.zip');
  await copyFile(pkg.path, path);
  await addComment(path, 'the release before, in a rehearsal');
  const earlier = await checkZip(path);
  const sealed = await sealRelease(earlier, earlierRollout, join(folder, 'earlier-sealed.zip'));
  return { path: sealed.path, id: sealed.id };
}

const endRecordBytes = 22;
const endRecordMark = 0x06054b50;

async function addComment(path: string, comment: string): Promise<void> {
  const { size } = await stat(path);
  const file = await open(path, 'r+');
  try {
    const tail = Buffer.alloc(Math.min(size, endRecordBytes + 0xffff));
    await file.read(tail, 0, tail.length, size - tail.length);
    const at = findEndRecord(tail);
    const length = tail.readUInt16LE(at + 20);
    const added = Buffer.from(comment).subarray(0, 0xffff - length);
    const changed = Buffer.alloc(2);
    changed.writeUInt16LE(length + added.length);
    await file.write(changed, 0, 2, size - tail.length + at + 20);
    await file.write(added, 0, added.length, size);
  } finally {
    await file.close();
  }
}

function findEndRecord(tail: Buffer): number {
  for (let at = tail.length - endRecordBytes; at >= 0; at--) {
    const fits = tail.readUInt32LE(at) === endRecordMark;
    if (fits && at + endRecordBytes + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  throw new InputError('The package has no end record.', { code: 'package-not-a-zip' });
}

/** A world or faults file that was given, and its text, as far as we must know it; the emulator checks the rest. */
export async function demandFile(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError(`The file of ${flag} cannot be read: ${tellFileError(error)}`, {
      code: 'file-unreadable',
      where: path,
      next: `Name the file: ${flag} <file>; docs/emulator.md says what stands in it.`,
      cause: error,
    });
  }
}
