/** Azure Monitor's metrics of apps, from what the front end counted, late (azure-platform.md §8.1). */
import { readDurationMs } from '../duration.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import { countsBetween } from '../network/counts.ts';
import { isoTime, type Platform } from '../platform.ts';
import { shortRegion } from '../world/regions.ts';
import type { MinuteCounts, Slot } from '../world/state.ts';
import { frontDoorError, json } from './answer.ts';
import { type AppCall, type ArmCall, findSlot, readAppPath, splitPath } from './call.ts';
import { idOf, typeOf } from './shapes.ts';

interface Metric {
  readonly name: string;
  readonly unit: 'Count' | 'Seconds';
  readonly aggregation: 'total' | 'average';
  /** Null: nothing was measured. */
  readonly measure: (minutes: readonly MinuteCounts[]) => number | null;
}

const sum = (minutes: readonly MinuteCounts[], read: (counts: MinuteCounts) => number) =>
  minutes.reduce((total, counts) => total + read(counts), 0);

const byClass = (name: string, hundreds: 2 | 3 | 4 | 5): Metric => ({
  name,
  unit: 'Count',
  aggregation: 'total',
  measure: (minutes) => sum(minutes, (counts) => counts.byClass[hundreds]),
});

const metrics: readonly Metric[] = [
  {
    name: 'Requests',
    unit: 'Count',
    aggregation: 'total',
    measure: (minutes) => sum(minutes, (counts) => counts.requests),
  },
  byClass('Http2xx', 2),
  byClass('Http3xx', 3),
  byClass('Http4xx', 4),
  byClass('Http5xx', 5),
  {
    name: 'HttpResponseTime',
    unit: 'Seconds',
    aggregation: 'average',
    measure: (minutes) => {
      const requests = sum(minutes, (counts) => counts.requests);
      return requests === 0 ? null : sum(minutes, (counts) => counts.durationMs) / requests / 1000;
    },
  },
];

interface Question {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
  readonly names: readonly string[];
}

/** `GET {app}/providers/Microsoft.Insights/metrics`: one app. */
export function readMetrics({ platform, slot, incoming }: AppCall): Response {
  const query = lowerCased(incoming.url);
  const [from, until] = (query.get('timespan') ?? '').split('/');
  const question = readQuestion(platform, {
    from,
    until,
    interval: query.get('interval') ?? null,
    names: query.get('metricnames') ?? null,
  });
  if (question instanceof Response) return question;
  return json(200, {
    cost: 0,
    timespan: `${isoTime(question.fromMs)}/${isoTime(question.untilMs)}`,
    interval: `PT${question.stepMs / 60_000}M`,
    namespace: typeOf(slot),
    resourceregion: shortRegion(slot.site.region),
    value: answerMetrics(platform, slot, question),
  });
}

/** `POST /subscriptions/{s}/metrics:getBatch`: many of one region, at the regional endpoint. */
export async function readMetricsBatch({ platform, incoming }: ArmCall): Promise<Response> {
  const query = lowerCased(incoming.url);
  const question = readQuestion(platform, {
    from: query.get('starttime'),
    until: query.get('endtime'),
    interval: query.get('interval') ?? null,
    names: query.get('metricnames') ?? null,
  });
  if (question instanceof Response) return question;
  const ids = fieldOf(await takeJson(incoming), 'resourceids');
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > 50)
    return badRequest('The body must name 1 to 50 resources.');
  const values = ids.map((id: unknown) => {
    const path = readAppPath(splitPath(String(id)));
    const slot = path && findSlot(platform, path);
    return slot ? batchValue(platform, slot, question) : null;
  });
  const missing = values.indexOf(null);
  if (missing >= 0) return badRequest(`The resource '${String(ids[missing])}' was not found.`);
  return json(200, { values });
}

function batchValue(platform: Platform, slot: Slot, question: Question): Record<string, unknown> {
  return {
    starttime: isoTime(question.fromMs),
    endtime: isoTime(question.untilMs),
    interval: `PT${question.stepMs / 60_000}M`,
    namespace: typeOf(slot),
    resourceregion: shortRegion(slot.site.region),
    resourceid: idOf(slot),
    value: answerMetrics(platform, slot, question),
  };
}

interface Written {
  readonly from: string | undefined;
  readonly until: string | undefined;
  readonly interval: string | null;
  readonly names: string | null;
}

function readQuestion(platform: Platform, { from, until, interval, names }: Written): Question | Response {
  const nowMs = platform.clock.now();
  const untilMs = until ? Date.parse(until) : nowMs;
  const fromMs = from ? Date.parse(from) : untilMs - 3_600_000;
  const minutes = /^PT(\d+)([MH])$/i.exec(interval ?? 'PT1M');
  const stepMs = minutes ? readDurationMs(`${minutes[1]}${minutes[2]!.toLowerCase()}`) : null;
  if (Number.isNaN(fromMs) || Number.isNaN(untilMs) || !stepMs || fromMs >= untilMs)
    return badRequest('The timespan or the interval is not valid.');
  const wanted = (names ?? 'Requests').split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !metrics.some((metric) => same(metric.name, name)));
  if (unknown !== undefined) {
    const valid = metrics.map(({ name }) => name).join(',');
    return badRequest(`Failed to find metric configuration for metric: ${unknown}, Valid metrics: ${valid}`);
  }
  return { fromMs, untilMs, stepMs, names: wanted };
}

/** Minutes that Azure Monitor does not know yet have no value. */
function answerMetrics(platform: Platform, slot: Slot, question: Question): readonly unknown[] {
  const knownMs = platform.clock.now() - platform.world.latencies.metrics;
  const points = countsBetween(slot, question.fromMs, question.untilMs, question.stepMs);
  return metrics
    .filter((metric) => question.names.some((name) => same(metric.name, name)))
    .map((metric) => ({
      id: `${idOf(slot)}/providers/Microsoft.Insights/metrics/${metric.name}`,
      type: 'Microsoft.Insights/metrics',
      name: { value: metric.name, localizedValue: metric.name },
      unit: metric.unit,
      errorCode: 'Success',
      timeseries: [
        {
          metadatavalues: [],
          data: points.map(({ atMs, minutes }) => {
            const value = atMs + question.stepMs > knownMs ? null : metric.measure(minutes);
            return { timeStamp: isoTime(atMs), ...(value === null ? {} : { [metric.aggregation]: value }) };
          }),
        },
      ],
    }));
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function lowerCased(url: URL): ReadonlyMap<string, string> {
  return new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
}

function badRequest(message: string): Response {
  return frontDoorError(400, 'BadRequest', message);
}
