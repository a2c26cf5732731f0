/** A function host in one slot, played behind a Vantage: what it answers, and what it was asked. */
import { type Clock, VirtualClock } from '../../src/clock.ts';
import type { Check } from '../../src/plan/plan.ts';
import { createLook, type LookParts, type Question, type Sight } from '../../src/probe/look.ts';
import type { RoadFacts } from '../../src/probe/road.ts';
import { type Answer, type AskRequest, NoAnswer, type Vantage } from '../../src/probe/vantage.ts';
import { stampFile } from '../../src/release/release.ts';
import { besideHostOf, makeTarget, releaseId } from '../builders.ts';

export type Reply = Partial<Answer> | NoAnswer | Error;

/** Path (without its query) to reply. A list is answered one by one, its last entry from then on. */
export type Script = Readonly<Record<string, Reply | readonly Reply[]>>;

export interface PlayedHost {
  readonly vantage: Vantage;
  readonly asked: AskRequest[];
}

export const paths = {
  host: '/admin/host/status',
  stamp: '/admin/vfs/slotwave.release.json',
  functions: '/admin/functions',
} as const;

export const json = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) });

/** What a sound app of this release answers (azure-platform.md §4.1). */
export function playSound(release: string, functions: readonly string[] = ['orders', 'health']): Script {
  return {
    [paths.host]: json({ id: 'app', state: 'Running', version: '4.1042.100.25374' }),
    [paths.stamp]: json({ release, content: '0'.repeat(64) }),
    [paths.functions]: json(functions.map((name) => ({ name, language: 'node', isDisabled: false }))),
  };
}

export function playHost(script: Script, clock?: Clock, tookMs = 0): PlayedHost {
  const asked: AskRequest[] = [];
  const turns = new Map<string, number>();
  const replyTo = (path: string): Reply => {
    const reply = script[path] ?? { status: 404, body: '' };
    if (!Array.isArray(reply)) return reply as Reply;
    const turn = turns.get(path) ?? 0;
    turns.set(path, turn + 1);
    return (reply as readonly Reply[])[Math.min(turn, reply.length - 1)]!;
  };
  return {
    asked,
    vantage: {
      name: 'played',
      async ask(request) {
        asked.push(request);
        if (tookMs > 0) await clock?.sleep(tookMs);
        const reply = replyTo(request.url.pathname);
        if (reply instanceof Error) throw reply;
        return { status: 200, headers: {}, body: '', address: null, ...reply };
      },
    },
  };
}

export const silence = (code: string): NoAnswer => new NoAnswer(code, `no answer: ${code}`);

export const html = {
  status: 200,
  body: '<!DOCTYPE html><html><title>Your Functions app is up</title></html>',
};
export const notRunning = { status: 503, body: 'Function host is not running.' };

export interface LookWish {
  readonly question?: Partial<Question>;
  /** What differs from a look that asks for nothing beside. */
  readonly parts?: Partial<LookParts>;
  readonly hostKey?: (refused: boolean) => Promise<string>;
  readonly signal?: AbortSignal;
}

export const target = makeTarget({ name: 'weu' });

export function lookAt(host: PlayedHost, wish: LookWish = {}): Promise<Sight> {
  const look = createLook({
    vantageFor: () => host.vantage,
    hostKey: (_target, _side, refused) => wish.hostKey?.(refused) ?? Promise.resolve('master-1'),
    probes: { timeoutMs: 5_000 },
    stampFile,
    clock: new VirtualClock(),
    ...wish.parts,
  });
  const question: Question = {
    target,
    side: 'beside',
    hostName: besideHostOf('weu'),
    expected: releaseId,
    functions: [],
    checks: [],
    ...wish.question,
  };
  return look(question, wish.signal);
}

/** A road as a vantage tells of it: private, answered, and with a certificate that holds. */
export function makeRoad(wish: Partial<RoadFacts> = {}): RoadFacts {
  return {
    via: 'direct',
    host: besideHostOf('weu'),
    port: 443,
    stage: 'answered',
    cnames: [],
    addresses: ['10.1.0.4'],
    address: '10.1.0.4',
    isPrivate: true,
    proxy: null,
    proxyRefusal: null,
    certificate: { names: ['*.azurewebsites.net'], issuer: 'a test', validToMs: Date.UTC(2030, 0, 1) },
    ...wish,
  };
}

export function makeCheck(name: string): Check {
  return { name, method: 'GET', path: `/api/${name}`, headers: {}, expect: { status: 200 } };
}
