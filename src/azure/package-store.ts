/**
 * A shelf for packages: one container, each package under the digest of its bytes, put there once and lent out by
 * addresses that end soon. The SDK is loaded when it is needed, and sends through our transport like all others.
 */
import { open } from 'node:fs/promises';
import type { BlobServiceClient, BlockBlobClient, UserDelegationKey } from '@azure/storage-blob';
import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';
import { RefusalError } from '../errors.ts';
import type { Release } from '../release/release.ts';
import type { Governor } from './governor.ts';
import { type Patience, retryRead } from './retry.ts';
import { connectStore, loadStorage } from './store-client.ts';
import { classifyStore, isThere, sendAs } from './store-errors.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

export interface PackageStore {
  /** Resolves when all bytes are there. Callers at the same time share one upload; what is there is not sent again. */
  keep(release: Release, onSent: (sentBytes: number) => void): Promise<void>;
  /** An address from which whoever has it reads these bytes, and nothing else, for `lifeMs`. It is a secret. */
  lend(release: Release, lifeMs: number): Promise<string>;
}

export interface StoreParts {
  /** `https://<account>.blob.core.windows.net/<container>`; elsewhere the account may stand in the path. */
  readonly address: string;
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

/** What is signed, and how: an old form, because clouds of their own learn the newest years later. */
const signatureVersion = '2023-11-03';
const blockBytes = 4 * 1024 * 1024;
const blocksAtOnce = 4;
/** Clocks differ: an address that begins to be good at our "now" may not be good yet over there. */
const skewMs = 5 * 60_000;
const keyLifeMs = 60 * 60_000;
/** Whatever the deadline of a deployment: a day of life is long for an address that opens a package. */
const longestLifeMs = 24 * 60 * 60_000;

export function openPackageStore(parts: StoreParts): PackageStore {
  const kept = new Map<string, Promise<void>>();
  const blobOf = lazily(async () => {
    const { account, container } = await connectStore(parts.address, parts);
    return { account, container: account.getContainerClient(container) };
  });
  const keys = keepKey(parts, async () => (await blobOf()).account);
  return {
    keep: (release, onSent) => {
      const earlier = kept.get(release.digest);
      if (earlier) return earlier;
      const putting = blobOf().then(({ container }) =>
        put(parts, container.getBlockBlobClient(nameOf(release)), { release, onSent }),
      );
      kept.set(release.digest, putting);
      // Whoever comes after a failure tries anew.
      putting.catch(() => kept.delete(release.digest));
      return putting;
    },
    lend: async (release, lifeMs) => {
      const { container } = await blobOf();
      const untilMs = parts.clock.now() + Math.min(lifeMs, longestLifeMs) + skewMs;
      const key = await keys(untilMs);
      const { BlobSASPermissions, generateBlobSASQueryParameters, SASProtocol } = await loadStorage();
      const signature = generateBlobSASQueryParameters(
        {
          containerName: container.containerName,
          blobName: nameOf(release),
          permissions: BlobSASPermissions.parse('r'),
          protocol: SASProtocol.Https,
          version: signatureVersion,
          startsOn: new Date(parts.clock.now() - skewMs),
          expiresOn: new Date(untilMs),
        },
        key,
        container.accountName,
      );
      parts.hide(signature.signature);
      return `${container.getBlobClient(nameOf(release)).url}?${signature.toString()}`;
    },
  };
}

function nameOf({ digest }: Release): string {
  return `${digest}.zip`;
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

interface Put {
  readonly release: Release;
  readonly onSent: (sentBytes: number) => void;
}

/** In blocks, each repeated by itself; nothing is to be seen under the name until the last step. */
async function put(parts: StoreParts, blob: BlockBlobClient, { release, onSent }: Put): Promise<void> {
  const ask = <T>(act: () => Promise<T>, what = `put the package into ${parts.address}`) =>
    retryRead(
      patienceOf(parts),
      () => sendAs(act),
      (error) => classifyStore(error, what, parts.address),
    );
  if (await isKept(ask, blob, release)) return onSent(release.bytes);
  const ids = Array.from({ length: Math.max(1, Math.ceil(release.bytes / blockBytes)) }, (_, at) =>
    Buffer.from(String(at).padStart(6, '0')).toString('base64'),
  );
  const limit = pLimit(blocksAtOnce);
  let sentBytes = 0;
  const file = await open(release.path, 'r');
  try {
    await Promise.all(
      ids.map((id, at) =>
        limit(async () => {
          const length = Math.min(blockBytes, release.bytes - at * blockBytes);
          const block = Buffer.alloc(length);
          const { bytesRead } = await file.read(block, 0, length, at * blockBytes);
          if (bytesRead !== length) throw changed(release);
          await ask(() => blob.stageBlock(id, block, length));
          sentBytes += length;
          onSent(sentBytes);
        }),
      ),
    );
  } finally {
    await file.close();
  }
  // Two runners may put the same bytes at once, and a lost answer is asked again: who comes second finds it there.
  await ask(() =>
    blob.commitBlockList(ids, {
      conditions: { ifNoneMatch: '*' },
      blobHTTPHeaders: { blobContentType: 'application/zip' },
    }),
  ).catch((error: unknown) => {
    if (!isThere(error)) throw error;
  });
  if (!(await isKept(ask, blob, release))) throw changed(release);
}

/** Second tries of all blocks together: a store that is unwell gets no storm. */
function patienceOf({ clock, random, governor, address }: StoreParts): Patience {
  const { host } = new URL(address);
  return { clock, random, shareMs: (longestMs) => governor.retryWaitMs(host, longestMs) };
}

type Ask = <T>(act: () => Promise<T>, what?: string) => Promise<T>;

async function isKept(ask: Ask, blob: BlockBlobClient, release: Release): Promise<boolean> {
  const found = await ask(() => blob.getProperties()).catch((error: unknown) => {
    if (error instanceof RefusalError && error.code === 'store-blob-missing') return null;
    throw error;
  });
  if (found === null) return false;
  if (found.contentLength === release.bytes) return true;
  throw new RefusalError(
    `${nameOf(release)} in the store has ${found.contentLength} bytes, and the package of that digest has ${release.bytes}.`,
    {
      code: 'store-content-differs',
      where: blob.url,
      next: 'Somebody else wrote to that name: delete the blob, and let nothing but slotwave write to the container.',
    },
  );
}

function changed(release: Release): RefusalError {
  return new RefusalError('The package changed while it was sent.', {
    code: 'package-changed',
    where: release.path,
  });
}

/** One key signs for all targets of a rollout; asked for again when it ends before what it should sign. */
function keepKey(
  parts: StoreParts,
  account: () => Promise<BlobServiceClient>,
): (untilMs: number) => Promise<UserDelegationKey> {
  let kept: { readonly key: Promise<UserDelegationKey>; readonly endsMs: number } | null = null;
  return (untilMs) => {
    if (kept && kept.endsMs >= untilMs) return kept.key;
    const nowMs = parts.clock.now();
    const endsMs = Math.max(untilMs, nowMs + keyLifeMs);
    const what = `ask ${parts.address} for a key to lend the package with`;
    const key = account().then((client) =>
      retryRead(
        patienceOf(parts),
        () => sendAs(() => client.getUserDelegationKey(new Date(nowMs - skewMs), new Date(endsMs))),
        (error) => classifyStore(error, what, parts.address),
      ),
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
