/**
 * A shelf for packages: one container, each package under its app's name and the digest of its bytes, put there once
 * and lent out by addresses that end soon.
 */
import { createReadStream } from 'node:fs';
import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';
import { RefusalError } from '../errors.ts';
import type { Release } from '../release/release.ts';
import type { Governor } from './governor.ts';
import { labelOf, nameOf, type PackageOwner } from './package-label.ts';
import { type Patience, retryRead } from './retry.ts';
import { connectStore, type Metadata, type StoreClient } from './store-client.ts';
import { classifyStore, isMissing, isThere } from './store-errors.ts';
import { type DelegationKey, signForReading } from './store-signature.ts';
import { openStoreroom, type Storeroom } from './storeroom.ts';
import type { Tokens } from './tokens.ts';
import { type StreamedBody, type Transport, TransportError } from './transport.ts';

export interface PackageStore extends Storeroom {
  /** Resolves when all bytes are there. Callers at the same time share one upload; what is there is not sent again. */
  keep(release: Release, onSent: (sentBytes: number) => void): Promise<void>;
  /** An address from which whoever has it reads these bytes, and nothing else, for `lifeMs`. It is a secret. */
  lend(release: Release, lifeMs: number): Promise<string>;
  /** Whether this process has put or found a package there. */
  isUsed(): boolean;
}

export interface StoreParts {
  /** `https://<account>.blob.core.windows.net/<container>`; elsewhere the account may stand in the path. */
  readonly address: string;
  /** Absent: packages are put and lent, and never known again as anybody's. */
  readonly owner?: PackageOwner | undefined;
  /** For `https://storage.azure.com`. */
  readonly tokens: Tokens;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hide: (secret: string) => void;
  readonly governor: Governor;
}

/** What tokens for storage are asked for, the same in every cloud. */
export const storageScope = 'https://storage.azure.com/.default';

const blockBytes = 8 * 1024 * 1024;
/** With Node's own 64 KiB a block costs a quarter more computing. */
const readBytes = 1024 * 1024;
const blocksAtOnce = 4;
/** Clocks differ: an address that begins to be good at our "now" may not be good yet over there. */
const skewMs = 5 * 60_000;
const keyLifeMs = 60 * 60_000;
/** Whatever the deadline of a deployment: a day of life is long for an address that opens a package. */
const longestLifeMs = 24 * 60 * 60_000;

export function openPackageStore(parts: StoreParts): PackageStore {
  const kept = new Map<string, Promise<void>>();
  const client = connectStore(parts.address, parts);
  const keys = keepKey(parts, client);
  return {
    keep: (release, onSent) => {
      const earlier = kept.get(release.digest);
      if (earlier) return earlier;
      const putting = put(parts, client, { release, onSent });
      kept.set(release.digest, putting);
      // Whoever comes after a failure tries anew.
      putting.catch(() => kept.delete(release.digest));
      return putting;
    },
    isUsed: () => kept.size > 0,
    ...openStoreroom(parts, client),
    lend: async (release, lifeMs) => {
      const blob = nameOf(parts.owner, release);
      const { account, container } = client;
      const startsMs = parts.clock.now() - skewMs;
      const expiresMs = parts.clock.now() + Math.min(lifeMs, longestLifeMs) + skewMs;
      const key = await keys(expiresMs);
      const { query, signature } = signForReading({ account, container, blob, startsMs, expiresMs }, key);
      parts.hide(signature);
      return `${client.urlOf(blob)}?${query}`;
    },
  };
}

interface Put {
  readonly release: Release;
  readonly onSent: (sentBytes: number) => void;
}

/** Nothing is to be seen under the name until the last byte is there. */
async function put(parts: StoreParts, client: StoreClient, { release, onSent }: Put): Promise<void> {
  const blob = nameOf(parts.owner, release);
  const label = labelOf(parts.owner, release);
  const ask: Ask = (act) =>
    retryRead(patienceOf(parts), act, (error) =>
      isChanged(error)
        ? changed(release, error)
        : classifyStore(error, `put the package into ${parts.address}`, parts.address),
    );
  if ((await isKept(ask, client, blob, release)) && (await refresh(ask, client, blob, label)))
    return onSent(release.bytes);
  // Two runners may put the same bytes at once, and a lost answer is asked again: who comes second finds it there.
  const unlessThere = (error: unknown) => {
    if (!isThere(error)) throw error;
  };
  if (release.bytes <= blockBytes) {
    await ask(() => client.put(blob, readPart(release, 0), label)).catch(unlessThere);
    onSent(release.bytes);
  } else {
    const ids = await putBlocks(ask, client, blob, { release, onSent });
    await ask(() => client.putBlockList(blob, ids, label)).catch(unlessThere);
  }
  if (!(await isKept(ask, client, blob, release))) throw changed(release);
}

/** Each block is repeated by itself. */
async function putBlocks(
  ask: Ask,
  client: StoreClient,
  blob: string,
  { release, onSent }: Put,
): Promise<readonly string[]> {
  const limit = pLimit(blocksAtOnce);
  let sentBytes = 0;
  const ids = Array.from({ length: Math.ceil(release.bytes / blockBytes) }, (_, at) =>
    Buffer.from(String(at).padStart(6, '0')).toString('base64'),
  );
  await Promise.all(
    ids.map((id, at) =>
      limit(async () => {
        const part = readPart(release, at * blockBytes);
        await ask(() => client.putBlock(blob, id, part));
        sentBytes += part.bytes;
        onSent(sentBytes);
      }),
    ),
  );
  return ids;
}

function readPart({ path, bytes: all }: Release, start: number): StreamedBody {
  const bytes = Math.min(blockBytes, all - start);
  return {
    bytes,
    open: () => createReadStream(path, { start, end: start + bytes - 1, highWaterMark: readBytes }),
  };
}

/** Second tries of all blocks together: a store that is unwell gets no storm. */
function patienceOf({ clock, random, governor, address }: StoreParts): Patience {
  const { host } = new URL(address);
  return { clock, random, shareMs: (longestMs) => governor.retryWaitMs(host, longestMs) };
}

type Ask = <T>(act: () => Promise<T>) => Promise<T>;

async function isKept(ask: Ask, client: StoreClient, blob: string, release: Release): Promise<boolean> {
  const found = await ask(() => client.readLength(blob)).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (found === null) return false;
  if (found === release.bytes) return true;
  throw new RefusalError(
    `${blob} in the store has ${found} bytes, and the package of that digest has ${release.bytes}.`,
    {
      code: 'store-content-differs',
      where: client.urlOf(blob),
      next: 'Somebody else wrote to that name: delete the blob, and let nothing but slotwave write to the container.',
    },
  );
}

/**
 * A package that is used again is not the oldest any more. Whoever tidies up meanwhile finds another version of it
 * and leaves it there; if they were first, it is gone, and false says so.
 */
async function refresh(ask: Ask, client: StoreClient, blob: string, label: Metadata): Promise<boolean> {
  if (Object.keys(label).length === 0) return true;
  return ask(() => client.describe(blob, label)).then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof RefusalError)) throw error;
      // Who may not write can still lend what is there.
      return !isMissing(error);
    },
  );
}

function isChanged(error: unknown): boolean {
  return error instanceof TransportError && error.code === 'EBODYCHANGED';
}

function changed(release: Release, cause?: unknown): RefusalError {
  return new RefusalError('The package changed while it was sent.', {
    code: 'package-changed',
    where: release.path,
    cause,
  });
}

/** One key signs for all targets of a rollout; asked for again when it ends before what it should sign. */
function keepKey(parts: StoreParts, client: StoreClient): (untilMs: number) => Promise<DelegationKey> {
  let kept: { readonly key: Promise<DelegationKey>; readonly endsMs: number } | null = null;
  return (untilMs) => {
    if (kept && kept.endsMs >= untilMs) return kept.key;
    const nowMs = parts.clock.now();
    const endsMs = Math.max(untilMs, nowMs + keyLifeMs);
    const what = `ask ${parts.address} for a key to lend the package with`;
    const key = retryRead(
      patienceOf(parts),
      () => client.issueKey(nowMs - skewMs, endsMs),
      (error) => classifyStore(error, what, parts.address),
    );
    const mine = { key, endsMs };
    kept = mine;
    key.then(
      ({ value }) => parts.hide(value),
      () => {
        if (kept === mine) kept = null;
      },
    );
    return key;
  };
}
