/** When nothing answered: whose silence it was, and which way it went. */
import type { DiagnosisFacts } from './diagnosis.ts';
import { decisiveFinding } from './diagnosis.ts';
import type { RoadFacts } from './road.ts';
import { keyNotYetCode } from './verdict.ts';

export interface Silence {
  readonly code: string;
  readonly said: string;
}

/** The code of a look that took longer than a diagnosis may wait for it. */
export const lateCode = 'LATE';

/** The code of a vantage that has no private endpoint to go to. */
export const noEndpointCode = 'ENDPOINT_UNKNOWN';

/** Findings of ours that carry a code and are no silence on the wire. */
const notOnTheWire = new Set([
  'IP_FORBIDDEN',
  'KEY_REFUSED',
  keyNotYetCode,
  lateCode,
  'PRIVATE_UNKNOWN',
  'CERTIFICATE_UNKNOWN',
]);

/**
 * Why the app gave no answer; null: it gave one. A look that stopped before it asked (no key, nothing looked at)
 * leaves it to the one request that was made to find out.
 */
export function silenceOf(facts: DiagnosisFacts): Silence | null {
  const finding = decisiveFinding(facts);
  if (finding?.condition === 'unreachable' && finding.code !== undefined && !notOnTheWire.has(finding.code))
    return { code: finding.code, said: finding.said };
  if (finding !== null && !isUnasked(finding.code)) return null;
  return facts.request?.kind === 'silence' ? facts.request : null;
}

/** Whether the look says nothing about the app because it never came to ask it. */
export function isUnasked(code: string | undefined): boolean {
  return code === 'KEY_REFUSED' || code === keyNotYetCode || code === lateCode;
}

/** The way of whichever request tells most: the one that failed, else the one that was made to find out. */
export function roadOf({ road, request }: DiagnosisFacts): RoadFacts | null {
  return road ?? request?.road ?? null;
}

/** From where it was looked, as the end of a sentence: `from here`, `through the proxy 10.0.0.8:3128`. */
export function viaWords(facts: DiagnosisFacts): string {
  const road = roadOf(facts);
  if (road === null) return 'from here';
  if (road.proxy !== null) return `through the proxy ${road.proxy}`;
  if (road.via === 'private-endpoint') return 'through its private endpoint';
  return road.via === 'dns' ? 'with the name servers of the vantage' : 'from here';
}
