/** What the function host says of itself, of its release and of its functions (azure-platform.md §4.1). */
import { stringify } from 'yaml';
import { parseJson, parseObject } from './answer-json.ts';
import { codeOfStatus, shorten } from './expect.ts';
import type { Answer } from './vantage.ts';
import type { Remark } from './verdict.ts';

/** Where a list of expected functions comes from: what helps when one is missing differs. */
export type NamesFrom = 'config' | 'package' | 'incumbent';

const notUpStates = new Set(['Default', 'Starting', 'Initialized']);

/** 200 comes with every state, Error included: the body tells. */
export function readHost(answer: Answer): Remark {
  const notUp = readNotUp(answer);
  if (notUp) return notUp;
  if (answer.status !== 200) return wrongStatus(answer, "the host's status");
  const body = parseObject(answer.body);
  const state = typeof body?.['state'] === 'string' ? body['state'] : null;
  if (!state)
    return {
      condition: 'unhealthy',
      said: '200, but what answered is not a function host',
      code: 'NOT_A_HOST',
    };
  const errors = Array.isArray(body?.['errors']) ? body['errors'] : [];
  if (errors.length > 0)
    return {
      condition: 'unhealthy',
      said: `${state}, with the error "${shorten(String(errors[0]), 200)}"`,
      code: 'HOST_ERROR',
    };
  if (notUpStates.has(state)) return { condition: 'starting', said: state, code: 'HOST_STARTING' };
  return state === 'Running'
    ? { condition: 'healthy', said: state }
    : { condition: 'unhealthy', said: state, code: 'HOST_ERROR' };
}

/** Another release is no verdict on ours: it is not up yet, or not here. */
export function readRelease(answer: Answer, expected: string | null): Remark {
  const notUp = readNotUp(answer);
  if (notUp) return notUp;
  if (answer.status !== 200 && answer.status !== 404) return wrongStatus(answer, 'the release stamp');
  const release = answer.status === 200 ? parseObject(answer.body)?.['release'] : null;
  if (answer.status === 200 && typeof release !== 'string')
    return {
      condition: 'starting',
      said: 'what answers for the release stamp is none',
      code: 'OTHER_RELEASE',
    };
  const found = typeof release === 'string' ? release : null;
  const source = answer.source === undefined ? '' : ` (${answer.source})`;
  if (found === expected)
    return { condition: 'healthy', said: `${found ?? 'no stamp, as expected'}${source}` };
  const name = found === null ? 'a release without a stamp' : `release ${shorten(found, 120)}`;
  return {
    condition: 'starting',
    said: `${name} answers, expected ${expected ?? 'one without a stamp'}${source}`,
    code: 'OTHER_RELEASE',
  };
}

export function readFunctions(
  answer: Answer,
  expected: readonly string[],
  from: NamesFrom = 'config',
): Remark & { readonly names: readonly string[] } {
  const notUp = readNotUp(answer);
  if (notUp) return { ...notUp, names: [] };
  if (answer.status !== 200) return { ...wrongStatus(answer, 'the list of functions'), names: [] };
  const list = parseJson(answer.body);
  const names = Array.isArray(list) ? list.map(nameOf).filter((name) => name !== null) : [];
  if (names.length === 0)
    return {
      condition: 'unhealthy',
      said: 'the host is up, and lists no functions',
      code: 'NO_FUNCTIONS',
      names,
    };
  const missing = expected.filter((name) => !names.some((found) => isSameName(found, name)));
  if (missing.length > 0)
    return {
      condition: 'unhealthy',
      said: `not listed: ${shorten(missing.join(', '), 300)}${hints[from](names)}`,
      code: 'FUNCTION_MISSING',
      names,
    };
  return { condition: 'healthy', said: `${names.length} functions`, names };
}

const hints: Readonly<Record<NamesFrom, (listed: readonly string[]) => string>> = {
  config: () => '',
  package: () => ' (the package has it)',
  incumbent: (listed) =>
    ` (the release before has it; if it is removed or renamed on purpose, write under probes: ${writeLine(listed)})`,
};

const longestLineChars = 250;
const mostNames = 50;

/** The line of the config that asks for what the new release lists, and for nothing else. */
function writeLine(listed: readonly string[]): string {
  const shown = listed.slice(0, mostNames);
  while (shown.length > 1 && shown.join(', ').length > longestLineChars) shown.pop();
  const list = stringify(shown, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 });
  const more = listed.length - shown.length;
  return `functions: ${shorten(list.trim(), 2 * longestLineChars)}${more === 0 ? '' : ` and ${more} more`}`;
}

/** The host takes names of functions without regard to case. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** 502, 503, 504: the front end or the host says that nobody is home yet. */
function readNotUp(answer: Answer): Remark | null {
  if (answer.status !== 503 && answer.status !== 502 && answer.status !== 504) return null;
  return { condition: 'starting', said: `${answer.status}`, code: 'NOT_UP', status: answer.status };
}

function wrongStatus(answer: Answer, what: string): Remark {
  const { status } = answer;
  return { condition: 'unhealthy', said: `${status} for ${what}`, code: codeOfStatus(answer), status };
}

function nameOf(entry: unknown): string | null {
  const name =
    typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>)['name'] : null;
  return typeof name === 'string' ? name : null;
}
