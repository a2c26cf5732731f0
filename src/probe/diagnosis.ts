/** What a diagnosis is made from, and what it says. Plain data: the same facts always have the same cause. */
import type { CauseCode } from './causes.ts';
import type { Page } from './pages.ts';
import type { RoadFacts } from './road.ts';
import type { Finding } from './verdict.ts';

/** The app itself, or the SCM site that packages are uploaded to. */
export type Door = 'app' | 'scm';

export interface DiagnosisFacts {
  readonly door: Door;
  /** The host name that was asked, with its port where it is not 443. */
  readonly host: string;
  /** What the look found that was not well; empty where nothing was looked at, as at the SCM site. */
  readonly findings: readonly Finding[];
  /** How the look's way was, when it got no answer. */
  readonly road: RoadFacts | null;
  /** The one request that was made to find out: its answer, or why there was none; null: none was made. */
  readonly request: RequestFacts | null;
  /** What ARM says of this slot; null: it was not asked, or did not say it in time. */
  readonly site: SiteState | null;
  /** What name servers say besides: the system's, those of the vantage. */
  readonly names: readonly NameFacts[];
}

export type RequestFacts =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly page: Page;
      readonly road: RoadFacts | null;
    }
  | {
      readonly kind: 'silence';
      readonly code: string;
      readonly said: string;
      readonly road: RoadFacts | null;
    };

export interface SiteState {
  /** `Running`, `Stopped`, …; null: not told. */
  readonly state: string | null;
  /** `Enabled`, `Disabled`; null: not told, and then private endpoints decide. */
  readonly publicNetworkAccess: string | null;
  /** Null: they could not be read. */
  readonly endpoints: readonly EndpointState[] | null;
}

export interface EndpointState {
  readonly name: string;
  /** `Approved`, `Pending`, `Rejected`, `Disconnected`. */
  readonly status: string;
  readonly addresses: readonly string[];
}

export interface NameFacts {
  /** Who was asked: `the system`, `10.0.0.53`. */
  readonly resolver: string;
  readonly cnames: readonly string[];
  readonly addresses: readonly string[];
  /** Why there are none: `ENOTFOUND`, `ETIMEOUT`, …; null: there are. */
  readonly code: string | null;
}

/** A cause as a reader finds it. `facts` names what is certain, `next` is the thing to do. */
export interface Named {
  readonly code: CauseCode;
  /** `likely`: the facts fit, and something else would look the same from here. */
  readonly certainty: 'certain' | 'likely';
  /** What was seen, with addresses and names, in whole sentences. */
  readonly said: string;
  /** What to do, in whole sentences. */
  readonly next: string;
}

export interface Diagnosis extends Named {
  readonly door: Door;
  readonly host: string;
  /** The page about this cause. */
  readonly docs: string;
}

/** A part of the road that recognises its own causes; null: not one of mine. */
export type Reader = (facts: DiagnosisFacts) => Named | null;

/** `orders-weu.scm.azurewebsites.net (its SCM site)`, as it stands at the beginning of a sentence. */
export function nameHost({ host, door }: Pick<DiagnosisFacts, 'host' | 'door'>): string {
  return door === 'scm' ? `${host} (its SCM site)` : host;
}

/** The finding that decides: what is wrong outweighs what is silent, what is silent what is late. */
export function decisiveFinding({ findings }: Pick<DiagnosisFacts, 'findings'>): Finding | null {
  for (const condition of ['unhealthy', 'unreachable', 'starting'] as const) {
    const found = findings.find((finding) => finding.condition === condition);
    if (found) return found;
  }
  return null;
}

/** `a`, `a and b`, `a, b and c`; at most `limit` of them. */
export function listed(words: readonly string[], limit = 4): string {
  const shown =
    words.length > limit ? [...words.slice(0, limit - 1), `${words.length - limit + 1} more`] : words;
  if (shown.length <= 1) return shown[0] ?? 'none';
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
