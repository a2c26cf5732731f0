/** The push: the zip itself, to the SCM site (azure-platform.md §2.2, §2.3). */
import { TransientError } from '../errors.ts';
import { readFailedSend } from './deliver.ts';
import type { Course, Sent } from './scm-course.ts';
import { rebaseLocation, type ScmSession } from './scm-session.ts';
import type { Upload, Uploads } from './uploads.ts';

/** Sends the zip once, from its first byte, when it is its turn. */
export async function uploadOnce(course: Course, session: ScmSession, uploads: Uploads): Promise<Sent> {
  const { release, asked, onProgress } = course;
  let upload: Upload | null = null;
  try {
    const begun = await uploads.begin(release, course.untilMs);
    upload = begun;
    const answer = await session.upload({
      path: uploadPath(course),
      headers: { 'content-type': 'application/zip', 'x-ms-artifact-checksum': release.digest },
      bytes: release.bytes,
      open: begun.open,
      timeoutMs: uploadTimeoutMs(release.bytes),
      onSent: (sentBytes) => {
        begun.sent(sentBytes);
        onProgress({ sentBytes, totalBytes: release.bytes });
      },
    });
    return { is: 'taken', location: rebaseLocation(answer.headers['location'], session.origin) };
  } catch (thrown) {
    if (thrown instanceof TransientError && upload === null) return { is: 'missed', error: thrown };
    return readFailedSend(thrown, { ...asked, what: `upload the package: could not ${asked.what}` });
  } finally {
    upload?.end();
  }
}

function uploadPath({ slot, release }: Course): string {
  const message = encodeURIComponent(release.id);
  return slot.operatingSystem === 'windows'
    ? `/api/zipdeploy?isAsync=true&Deployer=slotwave&message=${message}`
    : `/api/publish?type=zip&async=true&Deployer=slotwave&message=${message}`;
}

/** A minute, and a second for each 128 KiB: 17 minutes for 128 MiB, on a line that nobody should have. */
function uploadTimeoutMs(bytes: number): number {
  return 60_000 + Math.ceil(bytes / (128 * 1024)) * 1000;
}
