/** Asks every region's running app, over HTTPS, what it is. */
import { request } from 'node:https';
import type { Emulated } from './demo-emulator.ts';

export interface RegionAnswer {
  readonly name: string;
  readonly region: string;
  readonly status: number;
  readonly release: string | null;
  /** What the code calls itself. */
  readonly code: string | null;
}

const timeoutMs = 20_000;

export function askRegions(azure: Emulated): Promise<RegionAnswer[]> {
  return Promise.all(
    azure.regions.map(async ({ name, region, host }) => {
      const { status, body } = await get(`https://${host}/api/whoami`, azure.caPem);
      const { release = null, code = null } = parse(body);
      return { name, region, status, release, code };
    }),
  );
}

interface WhoAmI {
  readonly release?: string | null;
  readonly code?: string | null;
}

function parse(body: string): WhoAmI {
  try {
    return JSON.parse(body) as WhoAmI;
  } catch {
    return {};
  }
}

/** Names under `.localhost` lead to this machine (RFC 6761 §6.3), whatever the system's resolver says. */
export function get(url: string, ca: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname } = new URL(url);
    const options = { ca, hostname: '127.0.0.1', servername: hostname, headers: { host: new URL(url).host } };
    const asked = request(url, { ...options, agent: false, timeout: timeoutMs }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on('timeout', () => asked.destroy(new Error(`${url} did not answer within ${timeoutMs} ms`)));
    asked.on('error', reject).end();
  });
}
