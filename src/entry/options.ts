/** The flags, as the commands get them. */
import type { AskedApp } from '../config/asked.ts';
import { InputError } from '../errors.ts';

/** What is asked for: a config file, or one app by its inputs (src/config/inputs.ts). */
export interface ConfigOptions extends Partial<AskedApp> {
  /** The config file; `slotwave.yml` when neither it nor an app is named. */
  readonly config?: string | undefined;
}

export interface CommonOptions extends ConfigOptions {
  /** The state folder. */
  readonly state: string;
  /** A cloud's name or the URL of its ARM; the one of the rollout, or AzureCloud, when not given. */
  readonly cloud?: string;
  readonly json?: boolean;
  readonly color: boolean;
  readonly verbose?: boolean;
  /** A PEM file with further authorities to trust. */
  readonly ca?: string;
  /** For an emulator whose time is compressed: its scale and anchor, so that both read one time. */
  readonly timeScale?: number;
  readonly anchor?: number;
  /** Every target is at `cloud`, whatever the config says: a rehearsal must not reach a real one. */
  readonly homeOnly?: boolean;
}

export interface PlanOptions extends CommonOptions {
  readonly out?: string;
  readonly detailedExitcode?: boolean;
  readonly force?: boolean;
}

export interface ProbeOptions extends CommonOptions {
  /** Names of targets; all of the fleet when there is none. */
  readonly target?: readonly string[];
  readonly side?: 'staging' | 'live' | 'both';
  /** The release that should answer; what Azure says is there when not given. */
  readonly expect?: string;
}

export interface DeployOptions extends CommonOptions {
  readonly force?: boolean;
}

export interface RehearseOptions extends DeployOptions {
  readonly world?: string;
  readonly faults?: string;
  readonly seed?: number;
}

export interface PackageOptions {
  readonly out?: string;
  readonly seal?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

export interface EmulatorOptions {
  readonly world: string;
  readonly faults?: string;
  readonly port: number;
  readonly listen?: readonly string[];
  readonly seed?: number;
  readonly timeScale?: number;
  readonly anchor?: number;
  readonly data?: string;
  readonly verbose?: boolean;
}

export function readPositive(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
    throw badNumber(flag, text, 'a number above 0');
  };
}

export function readWhole(flag: string, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value <= most) return value;
    throw badNumber(
      flag,
      text,
      most < Number.MAX_SAFE_INTEGER ? `a whole number from 0 to ${most}` : 'a whole number',
    );
  };
}

function badNumber(flag: string, text: string, expected: string): InputError {
  return new InputError(`${flag} needs ${expected}.`, {
    code: 'usage',
    problems: [{ message: `${flag} cannot be understood`, found: `"${text}"`, expected }],
  });
}
