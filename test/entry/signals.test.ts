import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';

const script = `
  import { listenForStop } from ${JSON.stringify(new URL('../../src/entry/signals.ts', import.meta.url).href)};
  const { signal } = listenForStop();
  signal.addEventListener('abort', () => console.log('stopped by ' + signal.reason));
  setInterval(() => {}, 1000);
  console.log('ready');`;

describe('signals', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'the first %s asks to stop, the second ends at once with 130',
    async (name) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('ready');
      child.kill(name);
      expect((await lines.next()).value).toBe(`stopped by ${name}`);
      expect(child.exitCode).toBeNull();
      const ended = once(child, 'exit');
      child.kill(name);
      expect(await ended).toEqual([130, null]);
    },
  );
});
