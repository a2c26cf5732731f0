/** An Azure behind real HTTPS that lets slip whatever it knows, where a test tells it to. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { matchesRequest } from '../../src/emulator/faults/match.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { serve } from '../../src/emulator/serve/serve.ts';
import { createPlayedRuntime } from '../storm/played-runtime.ts';
import type { Baggage } from '../storm/stage.ts';
import { blurt, type Captured, connectionString, planted } from './planted.ts';

export interface Slip {
  // Requests like `GET */sites/*`, to hosts that contain `host`.
  readonly on: string;
  readonly host?: string;
  /** From 1: the how-manieth that fits; all when not given. */
  readonly turns?: (nth: number) => boolean;
  /** `text` is the blurt; `pass` lets the world do and answer it. */
  readonly say: (text: string, pass: () => Promise<Response>) => Response | Promise<Response>;
}

export interface BlurtingAzure {
  readonly captured: Captured;
  readonly emulator: Emulator;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Blurts so far: a test in which nothing slipped shows nothing. */
  readonly slips: number;
  close(): Promise<void>;
}

const timeScale = 120;
const sites = ['weu', 'neu'] as const;
export const subscription = '00000000-0000-4000-8000-000000000001';

export async function serveBlurting(baggage: Baggage, slips: readonly Slip[]): Promise<BlurtingAzure> {
  const anchorMs = Date.now();
  const certificates = await makeCertificates(anchorMs);
  // Several stand side by side.
  const ca = join(baggage.folder, `ca-${randomUUID()}.pem`);
  await writeFile(ca, certificates.ca);
  const captured: Captured = { tokens: new Set(), keys: new Set() };
  const counted = { slips: 0 };
  const { url, emulator, close } = await serve({
    certificates,
    create: (origin) => loosen(createWorld(origin, anchorMs, baggage), slips, captured, counted),
  });
  const { tenantId, clientId, clientSecret } = emulator.identity;
  return {
    captured,
    emulator,
    flags: ['--cloud', url, '--ca', ca, '--time-scale', `${timeScale}`, '--anchor', `${anchorMs}`],
    environment: { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret },
    get slips() {
      return counted.slips;
    },
    close,
  };
}

function createWorld(origin: string, anchorMs: number, baggage: Baggage): Emulator {
  const own = { FUNCTIONS_WORKER_RUNTIME: 'node', AzureWebJobsStorage: connectionString };
  return createEmulator({
    origin,
    timeScale,
    clock: systemClock({ scale: timeScale, anchorMs }),
    runtime: createPlayedRuntime(4_000),
    world: {
      subscription,
      resourceGroup: 'g',
      identity: { clientSecret: planted['client secret'] },
      sites: sites.map((name) => ({
        name,
        region: name === 'weu' ? 'westeurope' : 'northeurope',
        settings: { ...own, SECRET: planted['value of a sticky setting of production'] },
        sticky: ['SECRET'],
        package: baggage.incumbent,
        release: baggage.incumbentId,
        slots: [{ name: 'staging', settings: { ...own, SECRET: planted['value of a setting of staging'] } }],
      })),
    },
  });
}

function loosen(
  emulator: Emulator,
  slips: readonly Slip[],
  captured: Captured,
  counted: { slips: number },
): Emulator {
  const counts = new Map<Slip, number>();
  const fetch = async (request: Request): Promise<Response> => {
    const { host, pathname } = new URL(request.url);
    const pass = async () => capture(pathname, await emulator.fetch(request), captured);
    const slip = slips.find(
      (each) => matchesRequest(each.on, request.method, pathname) && host.includes(each.host ?? ''),
    );
    if (!slip) return pass();
    const nth = (counts.get(slip) ?? 0) + 1;
    counts.set(slip, nth);
    if (slip.turns && !slip.turns(nth)) return pass();
    counted.slips++;
    return slip.say(blurt(captured, counted.slips), pass);
  };
  return new Proxy(emulator, {
    get: (inner, name) => (name === 'fetch' ? fetch : Reflect.get(inner, name, inner)),
  });
}

async function capture(pathname: string, answer: Response, { tokens, keys }: Captured): Promise<Response> {
  if (/\/token$/.test(pathname) && answer.ok) {
    const { access_token: token } = (await answer.clone().json()) as { access_token: string };
    tokens.add(token);
  }
  if (/\/listkeys$/i.test(pathname) && answer.ok) {
    const told = (await answer.clone().json()) as { masterKey: string; functionKeys: Record<string, string> };
    for (const key of [told.masterKey, ...Object.values(told.functionKeys)]) keys.add(key);
  }
  return answer;
}
