/** What targets took in earlier rollouts, from the journals that the state folder still has. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Recorded } from '../rollout/events.ts';
import { type Experience, learnFrom } from '../rollout/expected.ts';
import { listRollouts, placeRollout } from './state.ts';

/** Newest first: so many journals that are of use are read, and so many looked into to find them. */
const mostUsed = 3;
const mostOpened = 6;
/** A journal of a hundred targets has three; what is larger than this is not worth its reading. */
const mostBytes = 32 * 2 ** 20;

/** These tell how long a target took. A journal has many more, and most of them are long. */
const telling =
  /"type":"(?:rollout\.(?:begun|resumed|ended)|stage\.(?:begun|done)|target\.cleared|promote\.(?:begun|done)|doubt\.raised)"/;

/**
 * The newest rollout that ended tells, and older ones where it does not know a target. It is only about who begins
 * first, so a journal that is damaged, unfinished or another app's is passed over without a word.
 */
export async function readExperience(stateFolder: string, app: string, cloud: string): Promise<Experience> {
  const ids = await listRollouts(stateFolder).catch(() => []);
  const learnt: Experience[] = [];
  for (const id of ids.slice(-mostOpened).reverse()) {
    if (learnt.length >= mostUsed) break;
    const lesson = await readLesson(placeRollout(stateFolder, id).journalPath, app, cloud).catch(() => null);
    if (lesson) learnt.push(lesson);
  }
  const names = new Set(learnt.flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...names].map((name) => [name, Object.assign({}, ...learnt.map((each) => each[name]).reverse())]),
  );
}

/** Null: of something else. Throws for what only looks like a journal, which another version may have written. */
async function readLesson(path: string, app: string, cloud: string): Promise<Experience | null> {
  const entries = await readTelling(path);
  return isOf(entries, app, cloud) ? learnFrom(entries) : null;
}

function isOf(entries: readonly Recorded[], app: string, cloud: string): boolean {
  const [first] = entries;
  const isOver = entries.at(-1)?.type === 'rollout.ended';
  return isOver && first?.type === 'rollout.begun' && first.plan.app === app && first.plan.cloud === cloud;
}

/** Line by line: nobody waits for the parsing of a whole file. Throws for what is no journal. */
async function readTelling(path: string): Promise<readonly Recorded[]> {
  const entries: Recorded[] = [];
  const file = createReadStream(path, { end: mostBytes });
  try {
    for await (const line of createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY }))
      if (telling.test(line.slice(0, longestHead))) entries.push(JSON.parse(line) as Recorded);
  } finally {
    file.destroy();
  }
  return entries;
}

/** Within this an entry has said its number, its instant, its rollout and its type. */
const longestHead = 200;
