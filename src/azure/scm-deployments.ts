/** Deployments as the SCM site tells of them: azure-platform.md §2.4. */
import { isObject, parseObject, stringOf, tame } from './server-text.ts';

export interface Deployment {
  readonly id: string;
  /** −1 cancelled, 0 pending, 1 building, 2 deploying, 3 failed, 4 success, 5 conflict, 6 partial success. */
  readonly status: number;
  readonly complete: boolean;
  /** While the bytes are received there is only a temporary record, with an id that will never be found again. */
  readonly temporary: boolean;
  readonly active: boolean;
  readonly message: string;
  /** What it does right now, for people. */
  readonly doing: string;
}

/** A deployment, a list of them, or nothing that we know: always a list. */
export function readDeployments(body: string): readonly Deployment[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).flatMap(readOne);
}

function readOne(value: unknown): Deployment[] {
  if (!isObject(value)) return [];
  const id = stringOf(value['id']);
  const status = value['status'];
  if (id === null || typeof status !== 'number') return [];
  return [
    {
      id,
      status,
      complete: value['complete'] === true,
      temporary: value['is_temp'] === true || id.startsWith('temp-'),
      active: value['active'] === true,
      message: stringOf(value['message']) ?? '',
      doing: tame(stringOf(value['status_text']) ?? stringOf(value['progress']) ?? '', 120),
    },
  ];
}

/** The same from ARM: `{value:[…]}` or one of them, each `{name, properties}`. Newest first, whatever the order was. */
export function readArmDeployments(body: string): readonly Deployment[] {
  const parsed = parseObject(body);
  const entries = Array.isArray(parsed?.['value'])
    ? parsed['value'].filter(isObject)
    : parsed
      ? [parsed]
      : [];
  const dated = entries.flatMap((entry) => {
    const properties = isObject(entry['properties']) ? entry['properties'] : entry;
    const id = stringOf(entry['name'])?.split('/').at(-1) ?? stringOf(properties['id']);
    const receivedAt = stringOf(properties['received_time']) ?? stringOf(properties['start_time']) ?? '';
    const complete = properties['complete'] ?? endsWithoutWord(properties);
    return readOne({ ...properties, id, complete }).map((each) => ({ each, receivedAt }));
  });
  return dated.sort((one, other) => compare(other.receivedAt, one.receivedAt)).map(({ each }) => each);
}

/** The documented form has no `complete`: there an end time, or nothing that speaks against it, has to do. */
function endsWithoutWord(properties: Readonly<Record<string, unknown>>): boolean {
  return stringOf(properties['end_time']) !== null && properties['provisioningState'] !== 'InProgress';
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export type Verdict = 'running' | 'success' | 'failed' | 'conflict';

/**
 * By the body and never by the HTTP status, which is 200 while it builds (§2.4). Peers wait for 3 and 4 only and
 * hang on the others; a status that nobody documented is running until the deadline, and never green.
 */
export function judgeDeployment({ status, complete }: Deployment): Verdict {
  switch (status) {
    case 4:
      return complete ? 'success' : 'running';
    case 5:
      return 'conflict';
    case -1:
    case 3:
    case 6:
      return 'failed';
    default:
      return 'running';
  }
}

const statusNames: Readonly<Record<string, string>> = {
  '-1': 'cancelled',
  '0': 'pending',
  '1': 'building',
  '2': 'deploying',
  '3': 'failed',
  '4': 'success',
  '5': 'conflict',
  '6': 'partial success',
};

export function nameStatus({ status }: Pick<Deployment, 'status'>): string {
  return statusNames[String(status)] ?? `status ${status}`;
}

/** ARM's form of a log: Kudu's list as it is, in `value`, or one text in `details`. */
export function readArmLog(body: string): string {
  const parsed = parseObject(body);
  if (!parsed) return readLog(body);
  if (Array.isArray(parsed['value'])) {
    const entries = parsed['value'].filter(isObject);
    return readLog(
      JSON.stringify(entries.map((each) => (isObject(each['properties']) ? each['properties'] : each))),
    );
  }
  const properties = isObject(parsed['properties']) ? parsed['properties'] : parsed;
  return tame(stringOf(properties['details']) ?? stringOf(properties['message']) ?? '', 400);
}

/** The last few sentences of a deployment's log that are about trouble, or just the last ones. */
export function readLog(body: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return '';
  }
  const entries = (Array.isArray(parsed) ? parsed : []).filter(isObject);
  const lines = entries.map((each) => ({
    text: stringOf(each['message']) ?? '',
    trouble: each['type'] !== 0,
  }));
  const trouble = lines.filter((each) => each.trouble);
  return tame(
    (trouble.length > 0 ? trouble : lines)
      .slice(-3)
      .map((each) => each.text)
      .join(' · '),
    400,
  );
}
