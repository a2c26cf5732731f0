/**
 * A function host without processes, for thousands of rollouts on a clock that is moved by hand. It reads the
 * package that was really deployed and answers as the real host does (azure-platform.md §4.1); which functions the
 * app has stands in its `played.json`. The real hosts are tested in test/emulator-host.
 */
import { unzipSync } from 'fflate';
import type { HostRuntime, HostStart, RunningHost } from '../../src/emulator/host/runtime.ts';

interface PlayedApp {
  readonly functions: readonly string[];
}

export function createPlayedRuntime(startMs: number): HostRuntime {
  const unpacked = new Map<string, Map<string, string>>();
  return {
    start: (start) => playHost(start, filesOf(start, unpacked), startMs),
    close: async () => unpacked.clear(),
  };
}

function playHost(start: HostStart, files: ReadonlyMap<string, string>, startMs: number): RunningHost {
  const upFromMs = start.clock.now() + startMs;
  const stamp = files.get('slotwave.release.json');
  const app = JSON.parse(files.get('played.json') ?? '{"functions":[]}') as PlayedApp;
  const release = stamp ? ((JSON.parse(stamp) as { release: string }).release ?? null) : null;
  const answer = (path: string, key: string | null, isPlatform: boolean): Response => {
    if (path === '/') return new Response(isPlatform ? null : '<html>', { status: isPlatform ? 204 : 200 });
    if (path.startsWith('/admin/') && key !== start.keys.master) return new Response('', { status: 401 });
    if (path === '/admin/host/status')
      return Response.json({ id: start.site, state: 'Running', version: '4.0.0' });
    if (path === '/admin/functions') return Response.json(app.functions.map((name) => ({ name })));
    if (path === '/admin/host/synctriggers') return new Response(null, { status: 204 });
    if (path === '/admin/vfs/slotwave.release.json')
      return stamp ? new Response(stamp) : new Response('', { status: 404 });
    if (path === '/api/health' && app.functions.includes('health')) {
      return Response.json({ status: 'ok', release });
    }
    return new Response('', { status: 404 });
  };
  return {
    async fetch(request) {
      const waitMs = upFromMs - start.clock.now();
      if (waitMs > 0) await start.clock.sleep(waitMs);
      const url = new URL(request.url);
      const key = request.headers.get('x-functions-key') ?? url.searchParams.get('code');
      return answer(url.pathname, key, !request.headers.has('x-arr-log-id'));
    },
    stop: async () => {},
  };
}

function filesOf(start: HostStart, unpacked: Map<string, Map<string, string>>): ReadonlyMap<string, string> {
  if (start.content === null) return new Map();
  const known = unpacked.get(start.content.digest);
  if (known) return known;
  const decoder = new TextDecoder();
  const entries = Object.entries(unzipSync(start.content.bytes));
  const files = new Map(entries.map(([name, bytes]) => [name, decoder.decode(bytes)]));
  unpacked.set(start.content.digest, files);
  return files;
}
