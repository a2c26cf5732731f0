/** The package of a config, whichever way it comes to the slots, and how it becomes this rollout's release. */
import { join } from 'node:path';
import type { Config } from '../config/load.ts';
import { packRelease } from '../release/pack.ts';
import type { Package, PackOptions } from '../release/package.ts';
import type { Release } from '../release/release.ts';
import { keepSealed, openSealed } from '../release/sealed.ts';
import { sealRelease } from '../release/stamp.ts';

export interface Parcel {
  readonly pkg: Package;
  /** Writes the release of this rollout to `outPath`. */
  seal(rolloutId: string, outPath: string): Promise<Release>;
}

/** What lies at an address already is taken as it is; everything else is packed now and sealed for this rollout. */
export async function openParcel(
  { delivery, packagePath }: Pick<Config, 'delivery' | 'packagePath'>,
  scratch: string,
  watching: Pick<PackOptions, 'signal' | 'onProgress'>,
): Promise<Parcel> {
  if (delivery.mode === 'url') {
    const sealed = await openSealed(packagePath, watching);
    return { pkg: sealed.pkg, seal: (_, outPath) => keepSealed(sealed, outPath) };
  }
  const pkg = await packRelease(packagePath, { outPath: join(scratch, 'package.zip'), ...watching });
  return { pkg, seal: (rolloutId, outPath) => sealRelease(pkg, rolloutId, outPath) };
}
