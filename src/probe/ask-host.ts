/** Asking one slot: with the host's key where it is the host that is asked, and with a note of every road taken. */
import { TransientError } from '../errors.ts';
import type { Check } from '../plan/plan.ts';
import type { LookParts, Question } from './look.ts';
import { classifyPage } from './pages.ts';
import type { RoadFacts } from './road.ts';
import { type Answer, type AskRequest, NoAnswer, type Vantage } from './vantage.ts';

export interface Asker {
  /** The host itself: `/admin/…`. */
  askHost(path: string): Promise<Answer>;
  askCheck(check: Check): Promise<Answer>;
  /** How the answers came about, and how far the silences came; the newest last. */
  readonly roads: readonly RoadFacts[];
}

export function createAsker(
  parts: Pick<LookParts, 'hostKey' | 'probes' | 'clock'>,
  vantage: Vantage,
  question: Question,
  signal: AbortSignal | undefined,
): Asker {
  const roads: RoadFacts[] = [];
  const { target, side } = question;
  const send = async (request: Pick<AskRequest, 'method' | 'headers' | 'body'> & { path: string }) => {
    const { path, ...rest } = request;
    // Joined as text: a path that begins with two slashes would be another host, which must not get our keys.
    const url = new URL(`https://${question.hostName}${path}`);
    const { timeoutMs } = parts.probes;
    const answer = await noteRoad(roads, vantage.ask({ ...rest, side, url, timeoutMs, signal }));
    if (classifyPage(answer) === 'ip-forbidden')
      throw new NoAnswer('IP_FORBIDDEN', '403: the network of the app blocks this address', answer.road);
    return answer;
  };
  const sendKeyed = async (path: string, refused: boolean) => {
    const headers: Record<string, string> = { accept: 'application/json, */*' };
    if (!vantage.isHearsay)
      headers['x-functions-key'] = await inTime(parts, signal, parts.hostKey(target, side, refused));
    return send({ path, method: 'GET', headers });
  };
  return {
    roads,
    askHost: async (path) => {
      const first = await sendKeyed(path, false);
      // Keys can be renewed, and with files as their store they travel in a swap (azure-platform.md §3.3).
      return first.status === 401 && !vantage.isHearsay ? sendKeyed(path, true) : first;
    },
    askCheck: ({ path, method, headers, body }) =>
      send({ path, method, headers: headersOf(headers, body), body }),
  };
}

/** A look must come to an end soon, or nobody learns why it fails. */
const leastKeyMs = 15_000;

/**
 * Azure tells no key while the host is down, and is asked again and again for minutes. That goes on when nobody
 * waits here any more: the next look finds what it came to.
 */
async function inTime(
  { probes, clock }: Pick<LookParts, 'probes' | 'clock'>,
  signal: AbortSignal | undefined,
  key: Promise<string>,
): Promise<string> {
  const longestMs = Math.max(3 * probes.timeoutMs, leastKeyMs);
  const done = new AbortController();
  // Of the wall's time, like every request: a compressed clock makes Azure no faster.
  const late = clock.timeout(longestMs, done.signal);
  const end = signal ? AbortSignal.any([late, signal]) : late;
  try {
    return await new Promise<string>((resolve, reject) => {
      key.then(resolve, reject);
      const said = `Azure did not tell it within ${longestMs / 1000} s.`;
      const giveUp = () => reject(new TransientError(said, { code: 'host-key-late' }));
      if (end.aborted) giveUp();
      end.addEventListener('abort', giveUp, { once: true, signal: done.signal });
    });
  } finally {
    // Without a reason of our own each abort would make an exception with a stack.
    done.abort(null);
  }
}

async function noteRoad(roads: RoadFacts[], asked: Promise<Answer>): Promise<Answer> {
  try {
    const answer = await asked;
    if (answer.road) roads.push(answer.road);
    return answer;
  } catch (error) {
    if (error instanceof NoAnswer && error.road) roads.push(error.road);
    throw error;
  }
}

function headersOf(
  written: Readonly<Record<string, string>>,
  body: string | undefined,
): Readonly<Record<string, string>> {
  const names = new Set(Object.keys(written).map((name) => name.toLowerCase()));
  return {
    ...(names.has('accept') ? {} : { accept: 'application/json, */*' }),
    ...(body === undefined || names.has('content-type') ? {} : { 'content-type': typeOf(body) }),
    ...written,
  };
}

function typeOf(body: string): string {
  return /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain; charset=utf-8';
}
