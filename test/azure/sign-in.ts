/** What gives assertions to jobs: GitHub's and Azure Pipelines' endpoints, as far as signing in needs them. */
import { createHmac } from 'node:crypto';
import type { HttpAnswer, HttpRequest } from '../../src/azure/transport.ts';
import type { Clock } from '../../src/clock.ts';

export interface Builds {
  answer(request: Pick<HttpRequest, 'method' | 'url' | 'headers'>): HttpAnswer;
  /** Every assertion that was given, oldest first. */
  readonly given: readonly string[];
  /** Audiences and connections that were asked for. */
  readonly asked: readonly string[];
  /** The environment of a GitHub job, or of a pipeline's. */
  readonly github: Readonly<Record<string, string>>;
  readonly pipelines: Readonly<Record<string, string>>;
}

export interface BuildsOptions {
  readonly origin: string;
  readonly clock: Pick<Clock, 'now'>;
  /** How long an assertion lives. */
  readonly lifeMs: number;
  /** The first one again and again, as whoever keeps it would give it. */
  readonly stale?: boolean;
}

const jobToken = 'job-token-of-this-run';

export function playBuilds({ origin, clock, lifeMs, stale = false }: BuildsOptions): Builds {
  const given: string[] = [];
  const asked: string[] = [];
  const make = (audience: string) => {
    const nowSeconds = Math.floor(clock.now() / 1000);
    const claims = {
      aud: audience,
      iss: origin,
      sub: 'repo:contoso/orders:ref:refs/heads/main',
      nbf: nowSeconds,
      exp: nowSeconds + lifeMs / 1000,
      jti: String(given.length),
    };
    const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${unsigned}.${createHmac('sha256', 'build').update(unsigned).digest('base64url')}`;
  };
  const give = (audience: string, field: string): HttpAnswer => {
    asked.push(audience);
    const assertion = stale && given[0] ? given[0] : make(audience);
    given.push(assertion);
    return answerWith(200, { [field]: assertion });
  };
  return {
    given,
    asked,
    github: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/gh/00/idtoken?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: jobToken,
    },
    pipelines: {
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: 'connection-1',
      SYSTEM_OIDCREQUESTURI: `${origin}/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken`,
      SYSTEM_ACCESSTOKEN: jobToken,
    },
    answer: ({ method, url, headers }) => {
      const { pathname, searchParams } = new URL(url);
      if (headers['authorization'] !== `Bearer ${jobToken}`)
        return answerWith(401, { message: `who says ${headers['authorization']}?` });
      if (method === 'GET' && pathname === '/gh/00/idtoken' && searchParams.get('api-version') === '2.0')
        return give(searchParams.get('audience') ?? 'none', 'value');
      const known =
        searchParams.get('api-version') === '7.1' && headers['x-tfs-fedauthredirect'] === 'Suppress';
      if (method === 'POST' && pathname.endsWith('/oidctoken') && known)
        return give(searchParams.get('serviceConnectionId') ?? 'none', 'oidcToken');
      return answerWith(404, { message: 'nothing here' });
    },
  };
}

function answerWith(status: number, body: object): HttpAnswer {
  const headers = { 'content-type': 'application/json' };
  return { status, reason: '', headers, setCookies: [], body: JSON.stringify(body), address: null };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
