/** What the roads of a look say, where the config asks for it: whether they were private, and how long the certificate holds. */
import type { ProbeRequest } from '../plan/plan.ts';
import type { RoadFacts } from './road.ts';
import type { Vantage } from './vantage.ts';
import type { Finding, Remark } from './verdict.ts';

export interface RoadQuestion {
  readonly asked: Pick<ProbeRequest, 'requirePrivate' | 'certificate'>;
  readonly vantage: Vantage;
  /** Of this look, in their order. */
  readonly roads: readonly RoadFacts[];
  /** Not asked now. */
  readonly spared: readonly string[];
  readonly nowMs: number;
}

/** Nothing that answered, nothing to say: that nobody answers is said already. */
export function readRoads(question: RoadQuestion): readonly Finding[] {
  const { asked, spared, vantage } = question;
  const answered = question.roads.filter(({ stage }) => stage === 'answered');
  if (answered.length === 0 && question.roads.length > 0) return [];
  const findings: Finding[] = [];
  if (asked.requirePrivate && !spared.includes('private'))
    findings.push({ check: 'private', ...(vantage.isHearsay ? hearsay : readPrivacy(answered)) });
  const { certificate } = asked;
  if (certificate && !spared.includes('certificate')) {
    const remark = vantage.isHearsay
      ? hearsay
      : readCertificate(answered, certificate.daysLeft, question.nowMs);
    findings.push({ check: 'certificate', ...remark });
  }
  return findings;
}

const hearsay: Remark = {
  condition: 'unasked',
  said: 'Azure tells of the app; no connection to it was made from here',
};

function readPrivacy(roads: readonly RoadFacts[]): Remark {
  const open = roads.find(({ isPrivate }) => isPrivate === false);
  if (open) {
    const names = [open.host, ...open.cnames].join(' → ');
    return {
      condition: 'unhealthy',
      said: `${open.address ?? 'an unknown address'} answered, which is public (${names})`,
      code: 'PUBLIC_ANSWER',
    };
  }
  const unknown = roads.length === 0 || roads.some(({ isPrivate }) => isPrivate === null);
  if (!unknown) return { condition: 'healthy', said: `${roads.at(-1)?.address} answered, which is private` };
  const proxy = roads.find((road) => road.proxy !== null)?.proxy;
  const who = proxy ? `the proxy ${proxy} looked the name up, and does not tell` : 'not told';
  return {
    condition: 'unreachable',
    said: `nobody knows over which address the app answered: ${who}`,
    code: 'PRIVATE_UNKNOWN',
  };
}

const dayMs = 24 * 60 * 60 * 1000;

function readCertificate(roads: readonly RoadFacts[], daysLeft: number, nowMs: number): Remark {
  const seen = roads.flatMap(({ certificate }) => (certificate === null ? [] : [certificate]));
  const first = seen.sort((one, other) => one.validToMs - other.validToMs)[0];
  if (!first)
    return {
      condition: 'unreachable',
      said: 'no certificate of the server was seen',
      code: 'CERTIFICATE_UNKNOWN',
    };
  const days = Math.floor((first.validToMs - nowMs) / dayMs);
  const until = new Date(first.validToMs).toISOString().slice(0, 10);
  return days >= daysLeft
    ? { condition: 'healthy', said: `valid until ${until}` }
    : {
        condition: 'unhealthy',
        said: `valid until ${until}: ${days} days are left, ${daysLeft} are asked for`,
        code: 'CERTIFICATE_ENDS',
      };
}
