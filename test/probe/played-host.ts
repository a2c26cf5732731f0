/** A function host in one slot, played behind a Vantage: what it answers, and what it was asked. */
import type { Clock } from '../../src/clock.ts';
import { type Answer, type AskRequest, NoAnswer, type Vantage } from '../../src/probe/vantage.ts';

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
