/** What packing gives: a zip on disk, its digest, and an account of every path that is in it or was left out. */

export interface PackedEntry {
  /** As in the zip: `/` between names, no leading `/`; folders end with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly bytes: number;
  /** What it takes in the zip, headers excluded. */
  readonly packedBytes: number;
  /** `rwxr-xr-x` when true, `rw-r--r--` when false; other bits are not kept. */
  readonly executable: boolean;
}

/** A file, or a whole folder (`path` ends with `/`), that is not in the package. */
export interface LeftOut {
  readonly path: string;
  /** The rule that did it: `.funcignore line 3: *.md`, `never shipped: …`. */
  readonly why: string;
}

/** Something that is fine on one kind of host and not on another; the package does not know where it goes. */
export interface PackageWarning {
  readonly code:
    | 'package-case-twins'
    | 'package-windows-names'
    | 'package-name-encoding'
    | 'package-handler-not-executable';
  readonly message: string;
  readonly paths: readonly string[];
}

export interface Package {
  /** The folder or zip as it was given. */
  readonly source: string;
  /** The zip on disk. */
  readonly path: string;
  /** SHA-256 of the zip's bytes, hex. */
  readonly digest: string;
  /** Size of the zip. */
  readonly bytes: number;
  /** Size of the files in it, unpacked. */
  readonly contentBytes: number;
  /** Number of files in it; folders do not count. */
  readonly files: number;
  readonly entries: readonly PackedEntry[];
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly PackageWarning[];
}

export interface PackProgress {
  readonly files: number;
  /** Null while files are still being found. */
  readonly totalFiles: number | null;
  /** Unpacked bytes that were read so far. */
  readonly bytes: number;
  readonly totalBytes: number | null;
}

export interface PackOptions {
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
  /** Stops between two files; what was written so far is removed. */
  readonly signal?: AbortSignal | undefined;
  /** Threads beside this one; by the size of the package and of the machine unless a test says otherwise. */
  readonly workers?: number | undefined;
  /** Refuses a larger zip; `maxPackageBytes` unless a test says otherwise. */
  readonly maxBytes?: number | undefined;
  /** A ready zip may hold the stamp that sealing puts in. */
  readonly sealed?: boolean | undefined;
  /** Refuses more files and folders than this; `maxPackageEntries` unless a test says otherwise. */
  readonly maxEntries?: number | undefined;
}

/** Kudu takes zips up to 2048 MB (azure-platform.md §6); 4 KiB of that is kept for the stamp that sealing adds. */
export const maxPackageBytes = 2048 * 1024 * 1024 - 4096;

/** Links to folders can multiply a tree without end; this is ten times the largest app that we know of. */
export const maxPackageEntries = 500_000;
