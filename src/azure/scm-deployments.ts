/** Deployments as the SCM site tells of them: azure-platform.md §2.4. */
import { isObject, stringOf, tame } from './server-text.ts';

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
