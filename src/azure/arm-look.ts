/**
 * Looking without line of sight: what the app would say, as Azure tells it (azure-platform.md §4.2). The same
 * questions as to the app itself, so that the looks need not know; what only the app can answer is not asked.
 */
import { SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { type Answer, type AskRequest, NoAnswer, type Vantage } from '../probe/vantage.ts';
import type { Finding, Side } from '../probe/verdict.ts';
import { stampSetting } from '../release/release.ts';
import type { Arm } from './arm.ts';
import { objectOf, objectsOf } from './arm-json.ts';
import { AnswerError } from './error-facts.ts';
import { parseObject, stringOf, tame } from './server-text.ts';
import { readProductionSettings, readSlotSettings, sitePath, slotPath } from './site-client.ts';
import { TransportError } from './transport.ts';

export interface ArmVantageParts {
  /** Known once somebody has signed in where the target is. */
  readonly arm: () => Promise<Arm>;
  readonly target: Target;
}

export function createArmVantage({ arm, target }: ArmVantageParts): Vantage {
  const read = async (side: Side, path: string, timeoutMs: number): Promise<string> => {
    const place = side === 'live' ? sitePath(target) : slotPath(target);
    const url = `${place}/${path}${path.includes('?') ? '&' : '?'}api-version=${apiVersion}`;
    return (await (await arm()).send(target.subscriptionId, { method: 'GET', url, timeoutMs })).body;
  };
  const asker: Asker = { arm, target, read };
  return {
    name: 'arm',
    isHearsay: true,
    ask: (request) => translate(asker, request).catch((error: unknown) => asAnswer(error)),
    also: (side) => readReferences(asker, side),
  };
}

interface Asker extends ArmVantageParts {
  readonly read: (side: Side, path: string, timeoutMs: number) => Promise<string>;
}

const apiVersion = '2025-05-01';
/** ARM asks the host itself, and waits for one that is cold; what the config allows the app is too short for both. */
const leastTimeoutMs = 20_000;
/** Every answer came from Azure, and no address of the app was seen. */
const heard = { headers: {}, address: null } as const;

async function translate(asker: Asker, { side, url, timeoutMs }: AskRequest): Promise<Answer> {
  const patienceMs = Math.max(timeoutMs, leastTimeoutMs);
  const { pathname, search } = url;
  if (pathname === '/admin/host/status') {
    const body = await asker.read(side, 'host/default/properties/status', patienceMs);
    return { ...heard, status: 200, body: JSON.stringify(objectOf(parseObject(body)?.['properties'])) };
  }
  if (pathname === '/admin/functions') {
    const listed = objectsOf(parseObject(await asker.read(side, 'functions', patienceMs))?.['value']);
    return { ...heard, status: 200, body: JSON.stringify(listed.map(asHostTells)) };
  }
  if (pathname.startsWith('/admin/vfs/')) return readStamp(asker, side, `${pathname}${search}`, patienceMs);
  throw new NoAnswer('NOT_THROUGH_ARM', `Azure has no way to ask ${pathname} of the app`);
}

/** ARM calls a function `site/function` or `site/slot/function`; the host calls it by its name. */
function asHostTells(listed: Readonly<Record<string, unknown>>): object {
  const properties = objectOf(listed['properties']);
  const name = stringOf(properties['name']) ?? (stringOf(listed['name']) ?? '').split('/').at(-1);
  return { name, config: properties['config'], isDisabled: properties['isDisabled'] };
}

/**
 * The file that the host has mounted, where ARM passes the question on. Where it does not, the setting: that says
 * what Azure has been told to run, and no more.
 */
async function readStamp(asker: Asker, side: Side, path: string, timeoutMs: number): Promise<Answer> {
  const source = 'control plane only';
  try {
    const body = await asker.read(side, `hostruntime${path}`, timeoutMs);
    const isStamp = typeof parseObject(body)?.['release'] === 'string';
    if (isStamp) return { ...heard, status: 200, body };
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    // The host itself has no such file: a release without a stamp.
    if (error.facts.status === 404 && !isAzureSpeaking(error)) return { ...heard, status: 404, body: '' };
  }
  const { arm, target } = asker;
  const settings = await (side === 'live' ? readProductionSettings : readSlotSettings)(await arm(), target);
  const release = settings[stampSetting];
  return release === undefined
    ? { ...heard, status: 404, body: '', source }
    : { ...heard, status: 200, body: JSON.stringify({ release }), source };
}

/** ARM's and App Service's own refusals carry a code; the host's bare 404 has none. */
function isAzureSpeaking({ facts }: AnswerError): boolean {
  return facts.code !== null;
}

const coldCodes = new Set(['ETIMEDOUT', 'ECONNRESET']);

/** A host that is not up shows as a 400 of App Service (§4.2): as the app's own 503, when it were asked itself. */
function asAnswer(error: unknown): Answer {
  // Azure passes a question on to a host that starts, and waits for it: that may be the app's own silence.
  if (error instanceof TransportError)
    throw new NoAnswer(coldCodes.has(error.code) ? error.code : 'ARM_SILENT', `Azure: ${error.message}`);
  if (error instanceof SlotwaveError && error.kind !== 'defect')
    throw new NoAnswer('ARM_SILENT', [error.message, error.next].filter((each) => each).join(' '));
  if (!(error instanceof AnswerError)) throw error;
  const { status, message } = error.facts;
  if ((status === 400 && /host runtime/i.test(message)) || status === 502 || status === 503 || status === 504)
    return { ...heard, status: 503, body: 'Function host is not running.' };
  throw new NoAnswer(`ARM_${status}`, `Azure answered ${status}: ${tame(message, 200)}`);
}

/** A setting that the platform cannot follow is missing in the app, whatever the host says of itself. */
async function readReferences({ read }: Asker, side: Side): Promise<readonly Finding[]> {
  try {
    const body = await read(side, 'config/configreferences/appsettings', leastTimeoutMs);
    const found = objectsOf(parseObject(body)?.['value']).map((each) => ({
      setting: (stringOf(each['name']) ?? '').split('/').at(-1) ?? '',
      status: stringOf(objectOf(each['properties'])['status']) ?? 'unknown',
    }));
    const open = found.filter(({ status }) => status !== 'Resolved');
    if (found.length === 0) return [];
    if (open.length === 0)
      return [{ check: 'references', condition: 'healthy', said: `${found.length} followed` }];
    const said = open.map(({ setting, status }) => `${tame(setting, 80)}: ${tame(status, 40)}`).join(', ');
    // Written a moment ago: the platform has not tried yet.
    const condition = open.every(({ status }) => status === 'Initialized') ? 'starting' : 'unhealthy';
    return [{ check: 'references', condition, said, code: 'REFERENCE_UNRESOLVED' }];
  } catch (error) {
    const isTold = error instanceof AnswerError || error instanceof TransportError;
    if (!isTold && !(error instanceof SlotwaveError && error.kind !== 'defect')) throw error;
    return [
      { check: 'references', condition: 'unasked', said: `could not be read: ${tame(error.message, 160)}` },
    ];
  }
}
