/**
 * Whether a slot itself reaches a host and port: asked of the platform, which tries it from the slot's own place in
 * the network (azure-platform.md §5.3). Those operations are in no document that binds Azure; where they are not, the
 * SCM site of a Windows app has tools for it, and where that is not either, nobody can say.
 */
import { SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Dependency } from '../plan/plan.ts';
import type { Reach } from '../probe/once.ts';
import type { Remark, Side } from '../probe/verdict.ts';
import type { Arm } from './arm.ts';
import { objectOf } from './arm-json.ts';
import { classify } from './classify.ts';
import { AnswerError } from './error-facts.ts';
import type { ScmCommand } from './scm-command.ts';
import { parseObject, stringOf, tame } from './server-text.ts';
import { aboutSite, aboutSlot, sitePath, slotPath } from './site-client.ts';
import { TransportError } from './transport.ts';

export interface ReachParts {
  readonly arm: Arm;
  /** Null: nothing may be run there, as in a command that only looks. */
  readonly runCommand: ScmCommand | null;
  /** How long each question may take at most, for somebody who cannot wait for a closed port to show. */
  readonly hurriedMs?: number | undefined;
}

export function createReach({ arm, runCommand, hurriedMs }: ReachParts): Reach {
  return async (target, side, dependency) => {
    if (!isHost(dependency.host)) return unknown('its name is not one that could be asked for');
    try {
      return await askPlatform({ arm, target, side, hurriedMs }, dependency);
    } catch (error) {
      if (hurriedMs !== undefined && isLate(error))
        return unknown(
          `no answer within ${hurriedMs / 1000} s, as for a port that is closed; a rollout waits longer`,
        );
      const absent = error instanceof AnswerError && absentStatuses.has(error.facts.status);
      if (!absent) return unknown(tellError(error, target, side));
      if (runCommand === null) return unknown('Azure has no operation for it here');
      return askTools(runCommand, target, side, dependency);
    }
  };
}

/** The newest that is documented outside of previews. */
const apiVersion = '2022-03-01';
/** ARM's gateway waits a minute for a port that is closed: nobody learns more by waiting with it. */
const tcpTimeoutMs = 30_000;
const dnsTimeoutMs = 20_000;
/** An operation that is not there: no such path, not for this app, not by this method. */
const absentStatuses = new Set([400, 404, 405]);
const silences = new Set([502, 503, 504]);

interface Place {
  readonly arm: Arm;
  readonly target: Target;
  readonly side: Side;
  readonly hurriedMs: number | undefined;
}

async function askPlatform(
  { arm, target, side, hurriedMs = Number.POSITIVE_INFINITY }: Place,
  { host, port }: Dependency,
): Promise<Remark> {
  const ask = async (operation: string, properties: object, timeoutMs: number) => {
    const url = `${side === 'live' ? sitePath(target) : slotPath(target)}/${operation}?api-version=${apiVersion}`;
    const patienceMs = Math.min(timeoutMs, hurriedMs);
    const request = { method: 'POST', url, body: { properties }, timeoutMs: patienceMs } as const;
    const { body } = await arm.send(target.subscriptionId, request);
    return objectOf(parseObject(body)?.['properties']);
  };
  const name = isAddress(host) ? null : await ask('dnsCheck', { dnsName: host }, dnsTimeoutMs);
  const told = stringOf(name?.['connectionStatus']);
  if (told !== null && /not.?found|no.?such|unresolv|resolution/i.test(told))
    return noName(tellDetails(name, told));
  try {
    const tried = await ask('tcpPingCheck', { host, port: String(port) }, tcpTimeoutMs);
    const status = stringOf(tried['connectionStatus']);
    if (status === null) return unknown('Azure answered without a status');
    if (/^success$/i.test(status)) return { condition: 'healthy', said: 'reached from the slot' };
    return /host.?not.?found/i.test(status)
      ? noName(tellDetails(tried, status))
      : closed(tellDetails(tried, status));
  } catch (error) {
    if (!isSilence(error) || (isLate(error) && Number.isFinite(hurriedMs))) throw error;
    return closed('no connection came about');
  }
}

/** A closed port shows as the gateway's own end of patience, or as ours. */
function isSilence(error: unknown): boolean {
  if (error instanceof AnswerError) return error.facts.status === 504;
  return isLate(error);
}

function isLate(error: unknown): boolean {
  return error instanceof TransportError && error.code === 'ETIMEDOUT';
}

const isNoTool = /is not recognized as|: not found/i;
const isNoName = /could not be found|can't find|could not resolve|no such host|host not found/i;

async function askTools(
  runCommand: ScmCommand,
  target: Target,
  side: Side,
  { host, port }: Dependency,
): Promise<Remark> {
  try {
    const tried = await runCommand(target, side, `tcpping.exe ${host}:${port}`);
    if (tried === null || isNoTool.test(tried))
      return unknown('Azure has no operation for it, and this SCM site has no tools');
    if (/\bconnected to\b/i.test(tried))
      return { condition: 'healthy', said: 'reached from the slot (tcpping)' };
    if (isNoName.test(tried)) return noName(tame(tried, 120));
    const looked = isAddress(host) ? null : await runCommand(target, side, `nameresolver.exe ${host}`);
    return looked !== null && isNoName.test(looked) ? noName(tame(looked, 120)) : closed(tame(tried, 120));
  } catch (error) {
    return unknown(tellError(error, target, side));
  }
}

function noName(details: string): Remark {
  return {
    condition: 'unhealthy',
    said: `the slot's DNS does not know the name: ${details}`,
    code: 'DEPENDENCY_NAME',
  };
}

function closed(details: string): Remark {
  return {
    condition: 'unhealthy',
    said: `the slot does not reach it: ${details}`,
    code: 'DEPENDENCY_CLOSED',
  };
}

function unknown(why: string): Remark {
  return { condition: 'unasked', said: `could not be asked: ${why}`, code: 'DEPENDENCY_UNKNOWN' };
}

function tellDetails(properties: Readonly<Record<string, unknown>> | null, status: string): string {
  const details = stringOf(properties?.['connectionStatusDetails']);
  return tame(details === null ? status : `${status}, ${details}`, 200);
}

function tellError(error: unknown, target: Target, side: Side): string {
  if (error instanceof AnswerError && silences.has(error.facts.status))
    return `Azure answered ${error.facts.status}`;
  const about = side === 'live' ? aboutSite(target, 'ask') : aboutSlot(target, 'ask');
  const told = error instanceof SlotwaveError ? error : classify(error, { act: 'read', ...about });
  if (told.kind === 'defect') throw told;
  return tame(told.message, 200);
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host);
}

/** Goes into a command line over there: nothing but what a name is made of. */
function isHost(host: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/.test(host);
}
