/** The known word that was probably meant, or null when nothing is near enough to be helpful. */
export function findNearest(written: string, known: Iterable<string>): string | null {
  const near = measure(written, known);
  return near && near.edits <= Math.floor(near.letters / lettersPerEdit) ? near.word : null;
}

/** The same among the keys of one mapping: there are few of them, so that a guess is seldom wrong. */
export function findNearestKey(written: string, known: Iterable<string>): string | null {
  const near = measure(written, known);
  return near && near.edits <= Math.max(1, Math.floor(near.letters / lettersPerEditOfKey)) ? near.word : null;
}

/** Words of three letters or fewer are all near each other: only their spelling of capitals is forgiven. */
const lettersPerEdit = 4;
const lettersPerEditOfKey = 3;

interface Near {
  readonly word: string;
  readonly edits: number;
  /** Of the longer one of the two. */
  readonly letters: number;
}

function measure(written: string, known: Iterable<string>): Near | null {
  const wanted = fold(written);
  let best: Near | null = null;
  for (const word of known) {
    const candidate = fold(word);
    const distance = countEdits(wanted, candidate);
    const edits = startsAlike(wanted, candidate) ? Math.min(1, distance) : distance;
    if (best === null || edits < best.edits)
      best = { word, edits, letters: Math.max(wanted.length, word.length) };
  }
  return best;
}

/** `bake-time`, `bake_time` and `BakeTime` all mean `bakeTime`. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** `bake` for `bakeTime`, `settingsFile` for `settings`: a whole word given or left out. */
function startsAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 4 && (a.startsWith(b) || b.startsWith(a));
}

/** Edits between two words, a swap of neighbours counted as one (optimal string alignment). */
function countEdits(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, beforeLast[j - 2]! + 1);
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
