/** What preflight has to say about a target before anything moves. */
import type { TargetFacts } from '../plan/fleet.ts';
import type { SwapRequest } from '../plan/plan.ts';
import type { Surroundings } from '../plan/surroundings.ts';

/** An error stops the rollout, a warning is shown, an info only notes. */
export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly severity: Severity;
  /** Null when it is about the fleet as a whole. */
  readonly target: string | null;
  /** What is there, in one sentence. Names read from Azure stand in it as they came. */
  readonly found: string;
  /** What would go wrong. */
  readonly why: string;
  /** What to type or click. */
  readonly fix: string;
  /** Where the platform documents it. */
  readonly source: string;
  /** The reason for which the config silences it: it stops nothing, and is still listed. */
  readonly silenced?: string | undefined;
}

/** What the rules may know beside the fleet. */
export interface PreflightRequest {
  /** Names of the settings that the config would write. */
  readonly settingNames: readonly string[];
  readonly swap?:
    | (Pick<SwapRequest, 'preview' | 'resetPrepared'> & Partial<Pick<SwapRequest, 'warmUp'>>)
    | undefined;
  /** How the package comes to the slots; a push to their SCM sites when absent. */
  readonly delivery?:
    | { readonly mode: string; readonly remoteBuild: boolean; readonly store?: string | null }
    | undefined;
  /** Targets that the plan leaves alone: nothing will happen to them, so nothing is said about them. */
  readonly leave?: readonly string[] | undefined;
  readonly stagingTriggers?: 'tell' | 'disable' | undefined;
  readonly probes?: ProbeWishes | undefined;
  readonly package?: PackageTraits | undefined;
  readonly silence?: readonly Silence[] | undefined;
}

/** What the config's probes need of the network. */
export interface ProbeWishes {
  /** `direct`, `private-endpoint`, …: where there is none for the target, this one. */
  readonly via: string;
  readonly viaOf?: Readonly<Record<string, string>> | undefined;
  readonly requirePrivate?: boolean | undefined;
  readonly dependencies?: readonly { readonly host: string; readonly port: number }[] | undefined;
}

/** What can be told of a package by its files. */
export interface PackageTraits {
  /** Runtimes that fit, as `FUNCTIONS_WORKER_RUNTIME` names them; empty: it cannot be told. */
  readonly runtimes: readonly string[];
  /** What told it: `package.json`. */
  readonly evidence: string | null;
  /** `extensions.durableTask.hubName` of host.json, as written. */
  readonly hubName: string | null;
  /** The lowest version that `extensionBundle.version` allows. */
  readonly bundleFrom: string | null;
  /** WebJobs extensions in it, by their short names: `ServiceBus` → `5.2.0`. */
  readonly extensions: Readonly<Record<string, string>>;
  /** The version of the language that it is made for, where a file says so. */
  readonly needs?: VersionNeed | null | undefined;
}

export interface VersionNeed {
  readonly language: string;
  readonly major: number;
  /** Whether a later one does as well. */
  readonly orLater: boolean;
  /** The file that told. */
  readonly evidence: string;
}

/** Somebody knows of it and wants to go on. */
export interface Silence {
  readonly rule: string;
  readonly reason: string;
  /** Absent: on every target. */
  readonly targets?: readonly string[] | undefined;
}

/** What a rule says about a target; null when all is well. */
export type Said = { readonly found: string; readonly fix: string } | null;

/** A target with what stands around it. */
export interface Scene {
  readonly facts: TargetFacts;
  readonly request: PreflightRequest;
  readonly around: Surroundings;
  /** The others of its fleet that share a storage account or a subnet with it, in the order of the fleet. */
  readonly neighbours: readonly Neighbour[];
}

export interface Neighbour {
  readonly facts: TargetFacts;
  readonly around: Surroundings;
}

/** What a rule is about; the sections of docs/preflight.md. */
export type Subject = 'plan' | 'slots' | 'network' | 'access' | 'storage' | 'runtime' | 'identity';

/** One rule about one target: a pure function and its words. */
export interface Rule {
  readonly id: string;
  readonly subject: Subject;
  readonly severity: Severity;
  /** False: a rollout is not safe with it, whatever reason anybody has. */
  readonly silenceable?: false;
  /** When it fires, in a few words for the list of rules. */
  readonly when: string;
  readonly why: string;
  readonly source: string;
  /** @param scene null where nobody read what stands around the target. */
  check(facts: TargetFacts, request: PreflightRequest, scene: Scene | null): Said;
}

/** A rule that needs to see what stands around. */
export function inScene(look: (scene: Scene) => Said): Rule['check'] {
  return (_facts, _request, scene) => (scene ? look(scene) : null);
}
