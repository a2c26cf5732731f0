/** Whole rollouts, each through one place where Azure lets something slip. */
import type { Slip } from './blurting-azure.ts';

export interface Road {
  readonly name: string;
  readonly slips: readonly Slip[];
  readonly code: number;
  /** It ends when the time to become healthy is over, which may then be short; all others need it to be long. */
  readonly runsOut?: boolean;
}

const json = (status: number, body: unknown) => Response.json(body, { status });
const often = (nth: number) => nth % 5 === 2;
const staging = '-staging.azurewebsites.';
const scm = '-staging.scm.';

const failedRecord = (text: string) => (record: Record<string, unknown>) =>
  record['complete'] === true ? { ...record, status: 3, status_text: text, active: false } : record;

/** Records of a deployment, each changed. */
async function changeRecords(
  pass: () => Promise<Response>,
  change: (record: Record<string, unknown>) => unknown,
): Promise<Response> {
  const answer = await pass();
  if (!answer.ok) return answer;
  const told = (await answer.json()) as unknown;
  return Response.json(Array.isArray(told) ? told.map(change) : change(told as Record<string, unknown>));
}

export const roads: readonly Road[] = [
  {
    name: 'settles, past servers in trouble that say everything they know',
    code: 0,
    slips: [
      {
        on: 'POST */api/*',
        host: scm,
        turns: (nth) => nth === 1,
        say: (text) => new Response(`There is a deployment currently in progress. ${text}`, { status: 409 }),
      },
      {
        on: 'GET /api/deployments*',
        host: scm,
        turns: often,
        say: (text) => new Response(text, { status: 503 }),
      },
      {
        on: 'GET */sites/*',
        turns: often,
        say: (text) => json(503, { Code: 'ServiceUnavailable', Message: text }),
      },
      {
        on: 'GET /api/health',
        turns: (nth) => nth === 2,
        say: (text) => new Response(text, { status: 500 }),
      },
      {
        on: 'POST */slotsswap',
        turns: (nth) => nth === 1,
        say: async (text, pass) => {
          await pass();
          return json(500, { Code: 'X', Message: text });
        },
      },
    ],
  },
  {
    name: 'refused: the log of the deployment tells all',
    code: 10,
    slips: [
      {
        on: 'GET */log',
        host: scm,
        say: (text) =>
          Response.json([
            { type: 2, message: text },
            { type: 2, message: text.slice(300) },
          ]),
      },
      {
        on: 'GET /api/deployments*',
        host: scm,
        say: (text, pass) => changeRecords(pass, failedRecord(text)),
      },
    ],
  },
  {
    name: 'refused: the host in staging tells its errors',
    code: 10,
    slips: [
      {
        on: 'GET /admin/host/status',
        host: staging,
        say: (text) => Response.json({ state: 'Error', errors: [text] }),
      },
    ],
  },
  {
    name: 'refused: the health check in staging tells all in the value that is looked at',
    code: 10,
    slips: [{ on: 'GET /api/health', host: staging, say: (text) => Response.json({ release: text }) }],
  },
  {
    name: 'refused: another release answers, with a name that tells all',
    code: 10,
    runsOut: true,
    slips: [{ on: 'GET /admin/vfs/*', host: staging, say: (text) => Response.json({ release: text }) }],
  },
  {
    name: 'rolled back: production tells all',
    code: 11,
    slips: [
      {
        on: 'GET /api/health',
        host: 'neu.azurewebsites.',
        turns: (nth) => nth > 1 && nth < 6,
        say: (text) => Response.json({ release: text.slice(0, 900) }),
      },
    ],
  },
  {
    name: 'rolled back: the swap is refused with all that is known',
    code: 11,
    slips: [
      {
        on: 'POST */sites/neu/*/slotsswap',
        say: (text) => json(400, { error: { code: 'Bad', message: text } }),
      },
    ],
  },
  {
    name: 'refused: settings cannot be written, and the answer repeats them',
    code: 10,
    slips: [
      { on: 'PUT */config/appsettings', say: (text) => json(400, { Code: 'BadRequest', Message: text }) },
    ],
  },
  {
    name: 'not begun: a role is missing, and the answer tells all',
    code: 10,
    slips: [
      {
        on: 'GET */sites/neu',
        say: (text) =>
          json(403, {
            error: {
              code: 'AuthorizationFailed',
              message: `does not have authorization to perform action 'Microsoft.Web/sites/read' over scope '/x' ${text}`,
            },
          }),
      },
    ],
  },
  {
    name: 'not begun: the login is refused, and its answer tells all',
    code: 10,
    slips: [
      {
        on: 'POST */token',
        say: (text) =>
          json(401, {
            error: 'invalid_client',
            error_description: `AADSTS7000215: Invalid client secret provided. ${text}`,
            error_codes: [7000215],
          }),
      },
    ],
  },
];
