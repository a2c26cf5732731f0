/** From what was written to what is meant: absolute paths, milliseconds, parsed IDs. */
import { dirname, resolve } from 'node:path';
import { DefectError } from '../errors.ts';
import type {
  Config,
  ConfigDelivery,
  ConfigProbes,
  ConfigStrategy,
  ConfigSwap,
  ConfigTarget,
} from './config.ts';
import { parseDuration } from './duration.ts';
import { resourceIdPattern } from './kinds.ts';
import type { Filled } from './schema.ts';

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
  };
}

function normaliseDelivery(delivery: Filled['delivery']): ConfigDelivery {
  if (typeof delivery === 'string') return { mode: delivery, store: null, url: null, remoteBuild: false };
  return {
    mode: delivery.mode,
    store: delivery.store?.replace(/\/$/, '') ?? null,
    url: delivery.url ?? null,
    remoteBuild: delivery.remoteBuild,
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
    // The check of meaning has refused every other vantage by name.
    vantage: { via: 'direct' },
    checks: probes.checks,
    functions: probes.functions,
    initialDelayMs: toMs(probes.initialDelay),
    intervalMs: toMs(probes.interval),
    timeoutMs: toMs(probes.timeout),
    consecutiveSuccessLimit: probes.consecutiveSuccessLimit,
    failureLimit: probes.failureLimit,
    consecutiveErrorLimit: probes.consecutiveErrorLimit,
    deadlineMs: toMs(probes.deadline),
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

/** `$${NAME}` in the file is a plain `${NAME}`: the way to write what would be taken for a variable. */
function unescapeDollars<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll(/\$\$(?=[{(])/g, () => '$') as T & string;
  if (Array.isArray(value)) return value.map((item: unknown) => unescapeDollars(item)) as T & unknown[];
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, unescapeDollars(item as unknown)]),
  ) as T;
}
