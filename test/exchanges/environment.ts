/** The place where each test file runs: Node's own, with every exchange of its emulators with ARM recorded. */
import { TestEnvironment } from 'jest-environment-node';
import { type Recording, startRecording } from '../../src/emulator/record/file.ts';
import { createQuickGlobals } from './quick-globals.ts';

/** A worker's recording outlives its test files: a shape that one of them has seen is not written for the next. */
let recording: Recording | null = null;

export const folderVariable = 'SLOTWAVE_EMULATOR_RECORD';
const placeVariable = 'SLOTWAVE_EMULATOR_RECORD_FOR';

export default class RecordedEnvironment extends TestEnvironment {
  readonly #file: string;

  constructor(...parts: ConstructorParameters<typeof TestEnvironment>) {
    super(...parts);
    this.global = createQuickGlobals(this.global);
    this.context = this.global;
    const [{ globalConfig }, { testPath }] = parts;
    this.#file = testPath.slice(globalConfig.rootDir.length + 1);
  }

  override async setup(): Promise<void> {
    await super.setup();
    this.#moveTo(this.#file);
  }

  override async teardown(): Promise<void> {
    recording?.count();
    await super.teardown();
  }

  handleTestEvent(event: { readonly name: string; readonly test?: Named }): void {
    if (event.name === 'test_fn_start' && event.test)
      this.#moveTo(`${this.#file}, "${fullName(event.test)}"`);
  }

  /** Processes that a test starts inherit the one environment or the other: the sandbox has a copy. */
  #moveTo(place: string): void {
    const folder = process.env[folderVariable];
    if (folder === undefined || folder === '') return;
    recording ??= startRecording(folder, place);
    recording.moveTo(place);
    for (const { env } of [process, this.global.process])
      Object.assign(env, { [folderVariable]: folder, [placeVariable]: place });
  }
}

interface Named {
  readonly name: string;
  readonly parent?: Named | undefined;
}

function fullName({ name, parent }: Named): string {
  return parent?.parent ? `${fullName(parent)} ${name}` : name;
}
