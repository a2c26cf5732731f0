/** Deployments as the SCM site of the slot tells of them. */
import type { SlotwaveError } from '../errors.ts';
import type { Asked } from './asked.ts';
import { classify } from './classify.ts';
import { AnswerError, readRetryAfterMs } from './error-facts.ts';
import { type Patience, retryRead } from './retry.ts';
import type { Desk, Looked } from './scm-course.ts';
import { readDeployments, readLog } from './scm-deployments.ts';
import type { ScmSession } from './scm-session.ts';

export interface DeskManner {
  /** Has the last word on what a failed look means. */
  readonly judge?: (error: SlotwaveError) => SlotwaveError;
  /** For one look at the list. */
  readonly timeoutMs?: number;
}

export function openScmDesk(
  patience: Patience,
  session: ScmSession,
  asked: Asked,
  { judge = (error) => error, timeoutMs }: DeskManner = {},
): Desk {
  const pathOf = (id: string) => `/api/deployments/${encodeURIComponent(id)}`;
  const look = async (path: string): Promise<Looked> => {
    const answer = await session.read(path);
    return {
      found: readDeployments(answer.body)[0] ?? null,
      retryAfterMs: readRetryAfterMs(answer.headers, patience.clock.now()),
    };
  };
  return {
    list: () =>
      retryRead(
        patience,
        () => listOnce(session, timeoutMs),
        (error) => judge(classify(error, asked)),
      ),
    one: (id) => look(pathOf(id)),
    at: look,
    log: async (id) => readLog((await session.read(`${pathOf(id)}/log`)).body),
    logAddress: (id) => `${session.origin}${pathOf(id)}/log`,
  };
}

/** A site that never had a deployment answers with an empty list or 404. */
async function listOnce(session: ScmSession, timeoutMs: number | undefined) {
  try {
    return readDeployments(
      (await session.read('/api/deployments?$orderby=ReceivedTime%20desc&$top=20', timeoutMs)).body,
    );
  } catch (error) {
    if (error instanceof AnswerError && error.facts.status === 404) return [];
    throw error;
  }
}
