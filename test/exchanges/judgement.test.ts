import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { type RecordingLine, startRecording } from '../../src/emulator/record/file.ts';
import { createRecorder } from '../../src/emulator/record/recorder.ts';
import { hasSpecification } from '../emulator/oracle.ts';
import { oneSite, playRuntime, sitePath, takeToken } from '../emulator/played.ts';
import { judgeRecording } from './judgement.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotwave-judgement-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Two looks at the site and one at what is no matter of Microsoft.Web. */
async function lookAround(): Promise<void> {
  const clock = new VirtualClock();
  const emulator = createEmulator({ world: oneSite, clock, runtime: playRuntime() });
  const authorization = `Bearer ${await clock.run(takeToken(emulator))}`;
  for (const path of [sitePath(oneSite, 'orders-weu'), sitePath(oneSite, 'orders-weu'), '/subscriptions']) {
    const url = `https://localhost${path}?api-version=2025-05-01`;
    await clock.run(emulator.fetch(new Request(url, { headers: { authorization } })));
  }
}

async function record(work: () => Promise<void>): Promise<void> {
  const recording = startRecording(folder, 'a story');
  recording.moveTo('its second chapter');
  await work();
  recording.end();
  // What comes after the end is heard by nobody but the recording of the whole test run.
  await lookAround();
}

/** Written, not said: the recording of the whole test run must not hear of it. */
function plant(answered: string): void {
  const { take } = createRecorder((exchange) => {
    const line: RecordingLine = { where: 'a bad dream', exchange };
    writeFileSync(join(folder, 'exchanges-2.ndjson'), `${JSON.stringify(line)}\n`);
  });
  const url = new URL(`https://localhost${sitePath(oneSite, 'orders-weu')}?api-version=2016-08-01`);
  take({ method: 'GET', url, asked: '', status: 200, headers: new Headers(), answered });
}

// Absent: set AZURE_SPECS_DIR. The run says so in its last lines.
const describeWithSpecification = hasSpecification ? describe : describe.skip;

describeWithSpecification('a recording is judged', () => {
  it('and agrees where the emulator is as Azure, however often it was asked', async () => {
    await record(lookAround);
    expect(await judgeRecording(folder)).toMatchObject({
      ...{ exchanges: 2, others: 1, shapes: 1, violations: [] },
      counts: { valid: 1 },
    });
  });

  it('and what does not fit is told with its place, its path, and what the OpenAPI says', async () => {
    plant('{"id":1,"location":"x","properties":{"state":7}}');
    const { violations } = await judgeRecording(folder);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(
      /^GET \/subscriptions\/.*\/sites\/app\?api-version=2016-08-01 → 200 is not answered so; seen in a bad dream\n/,
    );
    expect(violations[0]).toMatch(/INVALID_TYPE .* \/properties\/state/);
  });

  it('names exceptions that nothing needed, and takes the half line of a killed process', async () => {
    await record(lookAround);
    writeFileSync(join(folder, 'exchanges-1.ndjson'), '{"taken":3,"passedOver":0}\n{"where":"a proc');
    const { exchanges, idle } = await judgeRecording(folder);
    expect(exchanges).toBe(5);
    expect(idle).toContain('Kudu answers ARM 202 while a deployment runs');
  });
});
