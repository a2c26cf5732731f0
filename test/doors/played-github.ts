/** GitHub's API, as far as deployments and comments need it. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';

export interface Deployment {
  readonly id: number;
  readonly environment: string;
  readonly payload: unknown;
  readonly states: string[];
  readonly urls: string[];
}

export interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly type: string };
}

export interface PlayedGitHub {
  readonly environment: Readonly<Record<string, string>>;
  readonly deployments: Deployment[];
  readonly comments: Comment[];
  /** What this job may not do: the API says 403 to paths that fit. */
  denied: RegExp | null;
  readonly asked: string[];
  /** How long an answer takes. */
  delayMs: () => number;
  /** Answers nothing but 502. */
  broken: boolean;
  stop(): void;
}

export async function playGitHub(): Promise<PlayedGitHub> {
  const played: PlayedGitHub = {
    environment: {},
    deployments: [],
    comments: [],
    denied: null,
    asked: [],
    delayMs: () => 0,
    broken: false,
    stop: () => server.close(),
  };
  const server: Server = createServer((asked, response) => {
    void answer(asked, played).then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(played, {
    environment: {
      GITHUB_API_URL: url,
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_REPOSITORY: 'contoso/orders',
      GITHUB_SHA: 'a'.repeat(40),
      GITHUB_RUN_ID: '42',
    },
  });
}

async function answer(
  asked: IncomingMessage,
  played: PlayedGitHub,
): Promise<{ status: number; body: unknown }> {
  const { method = '', url = '' } = asked;
  const { pathname, searchParams } = new URL(url, 'http://any');
  played.asked.push(`${method} ${pathname}`);
  await setTimeout(played.delayMs());
  const body = JSON.parse((await text(asked)) || '{}') as Record<string, string>;
  if (played.broken) return { status: 502, body: { message: 'Bad Gateway' } };
  if (!asked.headers.authorization) return { status: 401, body: { message: 'Requires authentication' } };
  if (played.denied?.test(pathname))
    return { status: 403, body: { message: 'Resource not accessible by integration' } };
  const path = pathname.replace('/repos/contoso/orders', '');
  if (path === '/deployments' && method === 'GET') {
    const environment = searchParams.get('environment');
    return {
      status: 200,
      body: played.deployments.filter((each) => each.environment === environment).reverse(),
    };
  }
  if (path === '/deployments') return { status: 201, body: make(played, body) };
  const [, deployment] = /^\/deployments\/(\d+)\/statuses$/.exec(path) ?? [];
  if (deployment) {
    const found = played.deployments[Number(deployment) - 1];
    found?.states.push(body['state'] ?? '');
    found?.urls.push(body['environment_url'] ?? '');
    return { status: 201, body: {} };
  }
  if (/^\/issues\/7\/comments$/.test(path)) {
    if (method === 'GET') {
      const page = Number(searchParams.get('page') ?? 1);
      return { status: 200, body: played.comments.slice((page - 1) * 100, page * 100) };
    }
    const comment = { id: played.comments.length + 1, body: body['body'] ?? '', user: { type: 'Bot' } };
    played.comments.push(comment);
    return { status: 201, body: comment };
  }
  const [, comment] = /^\/issues\/comments\/(\d+)$/.exec(path) ?? [];
  const found = played.comments.find(({ id }) => id === Number(comment));
  if (!found) return { status: 404, body: { message: 'Not Found' } };
  found.body = body['body'] ?? '';
  return { status: 200, body: found };
}

function make(played: PlayedGitHub, body: Readonly<Record<string, unknown>>): Deployment {
  const deployment = {
    id: played.deployments.length + 1,
    environment: String(body['environment']),
    payload: body['payload'],
    states: [],
    urls: [],
  };
  played.deployments.push(deployment);
  return deployment;
}
