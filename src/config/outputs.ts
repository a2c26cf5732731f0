/** What a build gets to know from a step, once for both doors. Azure Pipelines gets the names in camelCase. */
export interface Output {
  readonly name: string;
  readonly about: string;
  /** What Azure Pipelines calls it, where people know another name. */
  readonly pipelinesName?: string;
}

export const outputs = [
  {
    name: 'outcome',
    about:
      '`settled`, `refused`, `rolled-back`, `stranded`, `halted`, `interrupted`, `nothing-to-do`; for other commands `done`, or `failed` where they could not be.',
  },
  { name: 'exit-code', about: 'The exit code of the command line for the same (README, Exit codes).' },
  { name: 'rollout', about: 'The id of the rollout, for `resume`, `rollback` and `status`.' },
  {
    name: 'release-id',
    about: 'The release that was rolled out, as the app reads it in SLOTWAVE_RELEASE_ID.',
  },
  {
    name: 'app-url',
    about: "The address of production; the first target's where there are several.",
    pipelinesName: 'AppServiceApplicationUrl',
  },
  {
    name: 'package-url',
    about: 'The file of the release, as a file: address; `package` gives the zip that was asked for.',
  },
  { name: 'plan', about: 'The file of the plan: what `plan` saved, or what a rollout goes by.' },
  { name: 'journal', about: 'The file of the journal.' },
  { name: 'report', about: 'The file of the summary, in Markdown.' },
  { name: 'targets', about: 'How many targets there are.' },
  {
    name: 'promoted',
    about: 'How many targets run the new release at the end; for `plan`, how many would be promoted.',
  },
  { name: 'reverted', about: 'How many targets were taken back.' },
  { name: 'failed', about: 'How many targets counted as failed, were refused, or could not be taken back.' },
  { name: 'changes', about: 'Whether there is anything to do: `true` or `false`. Of `plan` and `deploy`.' },
] as const satisfies readonly Output[];

export type OutputName = (typeof outputs)[number]['name'];
