/** What is asked once in a watch and not in each of its looks: what the app reaches, and who reaches the app. */
import type { Target } from '../plan/fleet.ts';
import type { Dependency, ProbeRequest } from '../plan/plan.ts';
import type { Question } from './look.ts';
import { classifyPage } from './pages.ts';
import { type Answer, NoAnswer, type Vantage } from './vantage.ts';
import type { Finding, Remark, Side } from './verdict.ts';

export type Once = 'dependencies' | 'exposure';

/** Asks the slot itself whether it reaches a host and port. Never rejects for want of an answer. */
export type Reach = (
  target: Target,
  side: Side,
  dependency: Dependency,
  signal?: AbortSignal,
) => Promise<Remark>;

export interface OnceParts {
  readonly probes: Pick<ProbeRequest, 'timeoutMs' | 'dependencies' | 'exposure'>;
  readonly reach?: Reach | undefined;
  /** The public way to the app, as `exposure.from` names it. */
  readonly publicVantageFor?: ((target: Target) => Vantage) | undefined;
}

/** Each as it was found earlier in this watch, where that is settled; what was bad is asked again. */
export async function askOnce(
  parts: OnceParts,
  question: Question,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const kept = new Map((question.kept ?? []).map((finding) => [finding.check, finding]));
  const ask = async (check: string, inquire: () => Promise<Remark>): Promise<Finding> =>
    kept.get(check) ?? { check, ...(await inquire()) };
  const { dependencies = [], exposure } = parts.probes;
  const asked: Promise<Finding>[] = [];
  const { reach, publicVantageFor } = parts;
  if (question.once?.includes('dependencies') && reach) {
    const { target, side } = question;
    for (const each of dependencies)
      asked.push(ask(`dependency ${each.host}:${each.port}`, () => reach(target, side, each, signal)));
  }
  if (question.once?.includes('exposure') && exposure && publicVantageFor) {
    const vantage = publicVantageFor(question.target);
    asked.push(ask('exposure', () => readExposure(vantage, question, parts.probes.timeoutMs, signal)));
  }
  return Promise.all(asked);
}

/** What need not be asked again in this watch. */
export function keepSettled(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ condition }) => condition === 'healthy' || condition === 'unasked');
}

/** One request without any key, as a stranger would send it. It opens nothing, and asks for nothing but the door. */
async function readExposure(
  vantage: Vantage,
  { hostName, side }: Question,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Remark> {
  const url = new URL('/', `https://${hostName}`);
  const headers = { accept: '*/*' };
  try {
    return judgeDoor(await vantage.ask({ side, url, method: 'GET', headers, timeoutMs, signal }), vantage);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    if (error.code === 'IP_FORBIDDEN') return closed;
    return unknownDoor(`the public way cannot be tried from here: ${error.message}`);
  }
}

const closed: Remark = { condition: 'healthy', said: 'the public way is closed: 403 Ip Forbidden' };

function judgeDoor(answer: Answer, vantage: Vantage): Remark {
  const { road } = answer;
  if (road?.isPrivate === true)
    return unknownDoor(
      `from here the name leads to the private address ${road.address}, which says nothing of the public way; give probes.exposure.from`,
    );
  if (classifyPage(answer) === 'ip-forbidden') return closed;
  // A proxy that the config names as the public way stands outside; one that the environment names may lead inside.
  if (road && road.isPrivate === null && road.via === 'direct')
    return unknownDoor(`${vantage.name} goes through the proxy ${road.proxy}, which may stand inside`);
  return {
    condition: 'unhealthy',
    said: `the public way is open: ${road?.address ?? answer.address ?? 'the app'} answered ${answer.status}`,
    code: 'EXPOSED',
  };
}

function unknownDoor(said: string): Remark {
  return { condition: 'unasked', said, code: 'EXPOSURE_UNKNOWN' };
}
