/** From what was written to what is meant: absolute paths, milliseconds, parsed IDs. */
import { dirname, resolve } from 'node:path';
import { DefectError } from '../errors.ts';
import type {
  Config,
  ConfigCheck,
  ConfigDelivery,
  ConfigProbes,
  ConfigStrategy,
  ConfigSwap,
  ConfigTarget,
  ConfigVantage,
} from './config.ts';
import type { Path } from './document.ts';
import { parseDuration } from './duration.ts';
import { isEnvPlace } from './env-text.ts';
import { resourceIdPattern } from './kinds.ts';
import { type Filled, usualKeep } from './schema.ts';

/** `file` must be absolute. */
export function normalise(filled: Filled, file: string, digest: string): Config {
  const texts = unescapeDollars(filled);
  return {
    file,
    digest,
    app: texts.app,
    packagePath: resolve(dirname(file), texts.package),
    targets: (texts.fleet.targets ?? []).map(normaliseTarget),
    discover: texts.fleet.discover ? { tags: texts.fleet.discover.tags } : null,
    discoverSlot: texts.fleet.discover?.slot ?? 'staging',
    strategy: normaliseStrategy(texts.strategy),
    probes: normaliseProbes(texts.probes),
    swap: normaliseSwap(texts.swap),
    stagingTriggers: texts.stagingTriggers,
    settings: texts.settings,
    delivery: normaliseDelivery(texts.delivery),
    preflight: texts.preflight,
  };
}

function normaliseDelivery(delivery: Filled['delivery']): ConfigDelivery {
  if (typeof delivery === 'string')
    return { mode: delivery, store: null, url: null, remoteBuild: false, keep: usualKeep };
  return {
    mode: delivery.mode,
    store: delivery.store?.replace(/\/$/, '') ?? null,
    url: delivery.url ?? null,
    remoteBuild: delivery.remoteBuild,
    keep: delivery.keep,
  };
}

function normaliseTarget(target: NonNullable<Filled['fleet']['targets']>[number]): ConfigTarget {
  const [, subscriptionId = '', resourceGroup = '', site = ''] =
    resourceIdPattern.exec(target.resourceId) ?? [];
  return {
    name: target.name ?? site,
    subscriptionId,
    resourceGroup,
    site,
    slot: target.slot,
    labels: target.labels,
    ...(target.tenantId === undefined ? {} : { tenantId: target.tenantId.toLowerCase() }),
    ...(target.cloud === undefined ? {} : { cloud: target.cloud }),
    ...(target.vantage === undefined ? {} : { vantage: normaliseVantage(target.vantage) }),
  };
}

function normaliseStrategy(strategy: Filled['strategy']): ConfigStrategy {
  return {
    maxConcurrency: strategy.maxConcurrency,
    maxConcurrencyPer: strategy.maxConcurrencyPer,
    regionPairs: strategy.regionPairs,
    waves: strategy.waves.map(({ bakeTime, ...wave }) => ({ ...wave, bakeTimeMs: toMs(bakeTime) })),
    failureTolerance: strategy.failureTolerance,
    progressDeadlineMs: toMs(strategy.progressDeadline),
    onFailure: strategy.onFailure,
  };
}

function normaliseProbes(probes: Filled['probes']): ConfigProbes {
  return {
    vantage: normaliseVantage(probes.vantage),
    checks: probes.checks.map(normaliseCheck),
    functions: probes.functions,
    initialDelayMs: toMs(probes.initialDelay),
    intervalMs: toMs(probes.interval),
    timeoutMs: toMs(probes.timeout),
    consecutiveSuccessLimit: probes.consecutiveSuccessLimit,
    failureLimit: probes.failureLimit,
    consecutiveErrorLimit: probes.consecutiveErrorLimit,
    deadlineMs: toMs(probes.deadline),
    healthyStateDurationMs: toMs(probes.healthyStateDuration),
    requirePrivate: probes.requirePrivate,
    dependencies: probes.dependencies,
    ...normaliseExposure(probes.exposure),
    ...(probes.certificate === undefined ? {} : { certificate: probes.certificate }),
  };
}

/** The check of meaning has refused what lacks what it needs. */
function normaliseVantage(vantage: Filled['probes']['vantage']): ConfigVantage {
  const { via, address, addresses, servers = [], proxy = '' } = vantage;
  switch (via) {
    case 'direct':
    case 'arm':
      return { via };
    case 'private-endpoint':
      return {
        via,
        addresses: addresses ?? (address === undefined ? null : { live: address, beside: address }),
      };
    case 'dns':
      return { via, servers };
    case 'proxy':
      return { via, proxy };
    default:
      return via satisfies never;
  }
}

function normaliseExposure(exposure: Filled['probes']['exposure']): Pick<ConfigProbes, 'exposure'> {
  if (exposure === 'any') return {};
  // As this machine resolves the name: right where the runner stands outside.
  if (exposure === 'closed') return { exposure: { expect: 'closed', from: { via: 'direct' } } };
  return { exposure: { expect: 'closed', from: normaliseVantage(exposure.from) } };
}

function normaliseCheck({ body, expect, ...check }: Filled['probes']['checks'][number]): ConfigCheck {
  const { maxLatency, ...rest } = expect;
  return {
    ...check,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    expect: { ...rest, ...(maxLatency === undefined ? {} : { maxLatencyMs: toMs(maxLatency) }) },
  };
}

function normaliseSwap({ observeFor, warmUp, ...swap }: Filled['swap']): ConfigSwap {
  return { ...swap, observeForMs: toMs(observeFor), warmUp: warmUp ?? null };
}

function toMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null)
    throw new DefectError(`"${text}" passed the schema and is no duration.`, { code: 'duration-unreadable' });
  return ms;
}

/**
 * `$${NAME}` in the file is a plain `${NAME}`: the way to write what would be taken for a variable. Where variables
 * of the environment are put in later, theirs stays escaped until then.
 */
function unescapeDollars<T>(value: T, path: Path = []): T {
  if (typeof value === 'string') {
    const escaped = isEnvPlace(path) ? /\$\$(?=\{(?!env:)|\()/g : /\$\$(?=[{(])/g;
    return value.replaceAll(escaped, () => '$') as T & string;
  }
  if (Array.isArray(value))
    return value.map((item: unknown, at) => unescapeDollars(item, [...path, at])) as T & unknown[];
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, unescapeDollars(item as unknown, [...path, key])]),
  ) as T;
}
