/** The source of libdeflate, as Debian keeps it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const version = '1.23';
const source = `http://deb.debian.org/debian/pool/main/libd/libdeflate/libdeflate_${version}.orig.tar.gz`;
const sourceSha256 = '1ab18349b9fb0ce8a0ca4116bded725be7dcbfa709e19f6f983d99df1fb8b25f';

/** Puts it into the folder, which must be there. */
export async function unpackSource(folder: string): Promise<void> {
  const answer = await fetch(source, { signal: AbortSignal.timeout(60_000) });
  const packed = Buffer.from(await answer.arrayBuffer());
  const found = createHash('sha256').update(packed).digest('hex');
  if (found !== sourceSha256) throw new Error(`${source} is not what it was: ${found} (${answer.status})`);
  await writeFile(join(folder, 'source.tgz'), packed);
  execFileSync('tar', ['xzf', 'source.tgz', '--strip-components=1'], { cwd: folder });
}
