/** After the last test: every exchange of the run with ARM is held against the OpenAPI, and what does not fit fails it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '@jest/types';
import { hasSpecification } from '../emulator/oracle.ts';
import { folderVariable } from './environment.ts';
import { type Judgement, judgeRecording } from './judgement.ts';

type RunConfig = Pick<
  Config.GlobalConfig,
  'testPathPatterns' | 'testNamePattern' | 'onlyChanged' | 'onlyFailures' | 'findRelatedTests' | 'shard'
>;

export default class ExchangeReporter {
  readonly #config: RunConfig;
  /** Null where there is no specification, or where somebody else keeps the recording. */
  #own: string | null = null;
  #error: Error | undefined;

  constructor(config: RunConfig) {
    this.#config = config;
  }

  /** Workers are started later, and inherit it. */
  onRunStart(): void {
    if (!hasSpecification || process.env[folderVariable]) return;
    this.#own = mkdtempSync(join(tmpdir(), 'slotwave-exchanges-'));
    process.env[folderVariable] = this.#own;
  }

  async onRunComplete(): Promise<void> {
    const folder = process.env[folderVariable];
    try {
      if (!hasSpecification) say('not judged: there is no ../shared/azure-specs (set AZURE_SPECS_DIR).');
      else if (folder) this.#conclude(await judgeRecording(folder));
    } finally {
      if (this.#own !== null) {
        rmSync(this.#own, { recursive: true, force: true });
        delete process.env[folderVariable];
        this.#own = null;
      }
    }
  }

  /** Jest's own way to ask a reporter whether the run is good. */
  getLastError(): Error | undefined {
    return this.#error;
  }

  #conclude(judgement: Judgement): void {
    const { shapes, violations, idle } = judgement;
    if (shapes === 0) return;
    say(summarise(judgement));
    if (idle.length > 0 && isWhole(this.#config))
      say(`no exchange needed these exceptions of test/emulator/oracle.ts:\n${indent(idle)}`);
    if (violations.length === 0) return;
    say(`${violations.length} shapes do not agree with it:\n${indent(violations)}`);
    this.#error = new Error(
      `${violations.length} shapes of exchanges with ARM do not agree with the OpenAPI`,
    );
  }
}

export function summarise({ exchanges, others, shapes, counts }: Judgement): string {
  const { valid, excepted, unknown } = counts;
  return [
    `${exchanges} exchanges in ${shapes} shapes: ${valid} agree, ${excepted} are known errors of it,`,
    `${unknown} are on paths that it does not have, ${counts['asked-wrongly']} were asked wrongly.`,
    `${others} exchanges with other providers are not its matter.`,
  ].join(' ');
}

/** Only when every test ran can be said which exceptions nothing needs. */
function isWhole(config: RunConfig): boolean {
  const { testPathPatterns, testNamePattern, onlyChanged, onlyFailures, findRelatedTests, shard } = config;
  return !(
    testPathPatterns.isSet() ||
    testNamePattern ||
    onlyChanged ||
    onlyFailures ||
    findRelatedTests ||
    shard
  );
}

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');

/** To where jest itself reports. */
function say(text: string): void {
  process.stderr.write(`\nThe OpenAPI of Microsoft.Web: ${text}\n`);
}
