/** What is shipped: one zip on disk, and the id that it answers to. */
export interface Release {
  /** Unique to one rollout: `<rollout id>.<first 12 hex of the content digest>`. */
  readonly id: string;
  /** SHA-256 (hex) of the packed content, before the stamp was put in: equal content, equal digest. */
  readonly contentDigest: string;
  /** SHA-256 (hex) of the file that is uploaded, stamp included. */
  readonly digest: string;
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  /** The functions that the package names itself; absent: only a running host can tell. */
  readonly functionNames?: readonly string[] | undefined;
}

/** The app setting that names the release. It is not sticky, so it travels with the content in a swap. */
export const stampSetting = 'SLOTWAVE_RELEASE_ID';

/** The file at the package's root that names the release: `{"release":"<id>","content":"<sha256>"}`. */
export const stampFile = 'slotwave.release.json';

/** True when both ids name the same content, whatever the rollouts that shipped it. */
export function sameContent(releaseId: string | null, contentDigest: string): boolean {
  return releaseId?.endsWith(`.${contentDigest.slice(0, 12)}`) ?? false;
}
