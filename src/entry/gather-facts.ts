/** When a look fails: gathers what is still to be known for a diagnosis, all at once and within seconds. */
import pLimit from 'p-limit';
import type { Azure } from '../azure/azure.ts';
import { askNames } from '../azure/name-facts.ts';
import type { Clock } from '../clock.ts';
import type { Target } from '../plan/fleet.ts';
import type { DiagnosisFacts, Door, RequestFacts, SiteState } from '../probe/diagnosis.ts';
import { classifyPage } from '../probe/pages.ts';
import type { RoadFacts } from '../probe/road.ts';
import { NoAnswer, type Vantage } from '../probe/vantage.ts';
import type { Finding, Side } from '../probe/verdict.ts';

export interface Inquiry {
  readonly target: Target;
  readonly side: Side;
  readonly door: Door;
  readonly hostName: string;
  /** What the look found; empty where nobody looked. */
  readonly findings: readonly Finding[];
  /** The way of the look that failed, where it is known. */
  readonly road?: RoadFacts | undefined;
  /** The request to `/` that was made already, so that it is not made again. */
  readonly request?: RequestFacts | undefined;
}

export interface GatherParts {
  readonly vantageFor: (target: Target, door: Door) => Vantage;
  /** The name servers of a target's vantage, where it has its own. */
  readonly serversFor?: (target: Target) => readonly string[];
  readonly azure: Pick<Azure, 'siteState'>;
  readonly clock: Pick<Clock, 'timeout'>;
}

/** Reads only, and never rejects: what could not be found out in time is not known. */
export type Gather = (inquiry: Inquiry, signal?: AbortSignal, totalMs?: number) => Promise<DiagnosisFacts>;

/** People are told within ten seconds, the look that failed included; nothing here may take longer. */
export const inquiryMs = 6_000;
const maxInquiries = 50;

export function createGather(parts: GatherParts): Gather {
  const limit = pLimit(maxInquiries);
  return (inquiry, signal, totalMs = inquiryMs) =>
    limit(() => gather(parts, inquiry, signal, Math.ceil(totalMs)));
}

async function gather(
  { vantageFor, serversFor, azure, clock }: GatherParts,
  inquiry: Inquiry,
  outer: AbortSignal | undefined,
  totalMs: number,
): Promise<DiagnosisFacts> {
  const { target, side, door, hostName: host, findings, road = null } = inquiry;
  const end = clock.timeout(totalMs);
  const signal = outer ? AbortSignal.any([end, outer]) : end;
  const ask = { target, side, hostName: host, timeoutMs: Math.max(1, totalMs - 500) };
  const [request, site, names] = await Promise.all([
    inquiry.request ?? until(signal, askFront(vantageFor(target, door), ask, signal), null),
    until<SiteState | null>(signal, azure.siteState(target, side), null),
    until(signal, askNames(host, serversFor?.(target) ?? [], signal), []),
  ]);
  return { door, host, findings, road, request, site, names };
}

export interface FrontAsk {
  readonly target: Target;
  readonly side: Side;
  readonly hostName: string;
  readonly timeoutMs: number;
}

/** One GET of `/` without any key: the way there, and whose words come back. Null: this vantage has no way to ask. */
export async function askFront(
  vantage: Vantage,
  { side, hostName, timeoutMs }: FrontAsk,
  signal: AbortSignal,
): Promise<RequestFacts | null> {
  if (vantage.isHearsay) return null;
  const url = new URL('/', `https://${hostName}`);
  try {
    const headers = { accept: '*/*' };
    const answer = await vantage.ask({ url, side, method: 'GET', headers, timeoutMs, signal });
    return {
      kind: 'answer',
      status: answer.status,
      page: classifyPage(answer),
      road: answer.road ?? null,
    };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { kind: 'silence', code: error.code, said: error.message, road: error.road ?? null };
  }
}

/** What is not there when time is up is not waited for. Failures are no facts. */
function until<T>(signal: AbortSignal, work: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const give = () => resolve(otherwise);
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    work.then(resolve, give).finally(() => signal.removeEventListener('abort', give));
  });
}
