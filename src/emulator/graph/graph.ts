/** Resource Graph: the resources of the world as a table, and queries over it (azure-platform.md §1.5). */
import { json } from '../arm/answer.ts';
import type { ArmCall } from '../arm/call.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import { callerTenant } from '../login/bearer.ts';
import { parseQuery } from './parse.ts';
import { QueryProblem } from './problem.ts';
import { runQuery } from './run.ts';
import type { Row } from './syntax.ts';

/** Resource Graph's own page size. */
const largestPage = 1000;

export async function answerResourceGraph(call: ArmCall): Promise<Response> {
  const turn = call.platform.graph.take();
  const quota = {
    'x-ms-user-quota-remaining': String(turn.remaining),
    'x-ms-user-quota-resets-after': `00:00:0${turn.resetsAfterSeconds}`,
  };
  if (turn.refused) return tooMany(turn.resetsAfterSeconds, quota);
  const body = await takeJson(call.incoming);
  const query = fieldOf(body, 'query');
  if (typeof query !== 'string' || query.trim() === '')
    return badRequest('InvalidQuery', 'Query is required.');
  const rows = evaluate(call, query, readScope(body));
  if (rows instanceof QueryProblem) return badRequest('InvalidQuery', rows.message);
  const top = clamp(fieldOf(body, 'options', '$top'), 100);
  const start =
    readSkipToken(fieldOf(body, 'options', '$skipToken')) ?? clamp(fieldOf(body, 'options', '$skip'), 0);
  const data = rows.slice(start, start + top);
  const isMore = start + top < rows.length;
  return json(
    200,
    {
      totalRecords: rows.length,
      count: data.length,
      resultTruncated: isMore ? 'true' : 'false',
      // Paging needs the id in every row (§1.5).
      ...(isMore && data.every((row) => row['id'] !== undefined)
        ? { $skipToken: makeSkipToken(start + top) }
        : {}),
      facets: [],
      data,
    },
    quota,
  );
}

function evaluate(
  call: ArmCall,
  query: string,
  subscriptions: ReadonlySet<string> | null,
): readonly Row[] | QueryProblem {
  const { tenantId } = callerTenant(call.platform, call.incoming);
  const rows = call.platform.graph
    .rows()
    .filter(
      (row) =>
        row['tenantId'] === tenantId &&
        (subscriptions === null || subscriptions.has(String(row['subscriptionId']).toLowerCase())),
    );
  try {
    return runQuery(parseQuery(query), (table) => (table === 'resources' ? rows : []));
  } catch (thrown) {
    if (thrown instanceof QueryProblem) return thrown;
    throw thrown;
  }
}

/** Null: everything that the caller may see. */
function readScope(body: unknown): ReadonlySet<string> | null {
  const listed = fieldOf(body, 'subscriptions');
  return Array.isArray(listed) && listed.length > 0
    ? new Set(listed.map((id) => String(id).toLowerCase()))
    : null;
}

function clamp(value: unknown, otherwise: number): number {
  const count = typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : otherwise;
  return Math.min(count, otherwise === 0 ? Number.MAX_SAFE_INTEGER : largestPage);
}

function makeSkipToken(next: number): string {
  return Buffer.from(JSON.stringify({ next })).toString('base64url');
}

function readSkipToken(token: unknown): number | null {
  if (typeof token !== 'string') return null;
  try {
    const next = fieldOf(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')), 'next');
    return typeof next === 'number' ? next : null;
  } catch {
    return null;
  }
}

/** 15 queries in 5 s for each user (§1.5). */
function tooMany(waitSeconds: number, quota: Readonly<Record<string, string>>): Response {
  const message =
    'Client application has been throttled and should not continue to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.';
  const details = [{ code: 'RateLimiting', message }];
  const error = {
    code: 'RateLimiting',
    message: 'Please provide below info when asking for support.',
    details,
  };
  return json(429, { error }, { ...quota, 'retry-after': String(waitSeconds) });
}

function badRequest(code: string, message: string): Response {
  const details = [{ code, message }];
  return json(400, {
    error: { code: 'BadRequest', message: 'Please provide below info when asking for support.', details },
  });
}
