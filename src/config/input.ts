/** What an input of a door is, and what the doors run. The inputs themselves stand in inputs.ts. */

export type Door = 'cli' | 'github' | 'pipelines';

/** The commands that a door runs. The command line has more, which are about this machine. */
export const commands = ['deploy', 'plan', 'resume', 'rollback', 'status', 'probe', 'package'] as const;
export type CommandName = (typeof commands)[number];

export type InputKind =
  | { readonly type: 'text' }
  /** A file or folder of the job; `patterns`: it may be named by a wildcard, where a door knows them. */
  | { readonly type: 'path'; readonly patterns?: true }
  /** Names, with spaces or commas between them. */
  | { readonly type: 'words' }
  /** Several lines: YAML or JSON. */
  | { readonly type: 'lines' }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly options: readonly string[] }
  /** A service connection of Azure Pipelines. */
  | { readonly type: 'connection' };

export type InputGroup = 'what' | 'app' | 'signIn' | 'more';

export interface Input {
  readonly name: string;
  /** What a form calls it. */
  readonly label: string;
  readonly kind: InputKind;
  /** What holds when it is not given, where a runner can fill it in; see `about` where it is decided later. */
  readonly fallback?: string;
  readonly about: string;
  readonly doors: readonly Door[];
  /** Commands that know it. */
  readonly commands: readonly CommandName[];
  readonly group: InputGroup;
  /** Azure Pipelines cannot begin without it. */
  readonly required?: boolean;
  /** When a form shows it; always when absent. */
  readonly visibleRule?: string;
  /** What stands for its value in a help text: `--state <folder>`. */
  readonly value?: string;
  /** The command of the command line that takes it as a word of its own, without its name. */
  readonly argumentOf?: CommandName;
  /** Its letter on the command line. */
  readonly letter?: string;
  /** Known by its name as well, from tasks that people know. */
  readonly aliases?: readonly string[];
}

export const inputGroups: readonly { readonly name: InputGroup; readonly about: string }[] = [
  { name: 'what', about: 'What is to be done' },
  { name: 'app', about: 'One function app, without a config file' },
  { name: 'signIn', about: 'Signing in to Azure' },
  { name: 'more', about: 'More' },
];

export const everywhere: readonly Door[] = ['cli', 'github', 'pipelines'];
export const builds: readonly Door[] = ['github', 'pipelines'];
/** Commands that read what was asked for. */
export const asking: readonly CommandName[] = ['deploy', 'plan', 'resume', 'rollback', 'status', 'probe'];

/** `resource-group-name` → `resourceGroupName`. */
export function camelName(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** What an input is about without Markdown; `name` says how another input is called there. */
export function plainAbout(about: string, name: (word: string) => string): string {
  return about.replace(/`([^`]+)`/g, (_, word: string) => name(word));
}
