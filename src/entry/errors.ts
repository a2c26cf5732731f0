/** Errors as people and programs read them, and the exit code that goes with each. */
import { asSlotwaveError, type Problem, type SlotwaveError } from '../errors.ts';
import { tint } from '../report/cells.ts';
import { neutralise, neutraliseJson } from '../report/neutralise.ts';
import type { Outcome } from '../rollout/events.ts';
import { redactRecord, redactSaid } from './secrets.ts';

/** architecture.md §4. `defect` is ours: a state that this program believes impossible. */
export const exitCodes = {
  settled: 0,
  defect: 1,
  input: 2,
  refused: 10,
  rolledBack: 11,
  stranded: 12,
  halted: 13,
  locked: 14,
  interrupted: 130,
} as const;

const outcomeCodes: Readonly<Record<Outcome, number>> = {
  settled: exitCodes.settled,
  refused: exitCodes.refused,
  'rolled-back': exitCodes.rolledBack,
  stranded: exitCodes.stranded,
  halted: exitCodes.halted,
};

export function exitCodeOfOutcome(outcome: Outcome): number {
  return outcomeCodes[outcome];
}

/** `touched`: a promotion had begun, so "nothing live was touched" cannot be said any more (law 3). */
export function exitCodeOfError(error: SlotwaveError, touched = false): number {
  if (error.code === 'fleet-locked') return exitCodes.locked;
  if (error.code === 'stopped') return exitCodes.interrupted;
  switch (error.kind) {
    case 'defect':
      return exitCodes.defect;
    case 'input':
      return touched ? exitCodes.halted : exitCodes.input;
    case 'refusal':
    case 'transient':
      return touched ? exitCodes.halted : exitCodes.refused;
    case 'doubt':
      return exitCodes.halted;
    default:
      return error.kind satisfies never;
  }
}

/** Thrown when a rollout broke off after a promotion had begun: "nothing live was touched" would be a lie. */
export class BrokenOff extends Error {
  constructor(cause: unknown) {
    super('the rollout broke off', { cause });
    this.name = 'BrokenOff';
  }
}

export interface ErrorStyle {
  readonly colour: boolean;
  /** Show the stack of a defect. */
  readonly stack?: boolean;
}

/** What happened, where, every single problem, what to type next. Lines without line ends. */
export function renderError(thrown: unknown, { colour, stack = false }: ErrorStyle): readonly string[] {
  const error = withoutSecrets(asSlotwaveError(thrown));
  const name = neutralise(error.message);
  const lines = [
    `${tint('error', 'red', colour)} ${tint(`[${neutralise(error.code)}]`, 'dim', colour)} ${name}`,
  ];
  if (error.where !== undefined) lines.push(`  where: ${neutralise(error.where)}`);
  if (!saysTheSame(error))
    for (const problem of error.problems) lines.push(...renderProblem(problem, colour));
  if (error.next !== undefined) lines.push(`  next:  ${neutralise(error.next)}`);
  if (error.kind === 'defect') lines.push(...tellDefect(error, stack));
  return lines;
}

/** Servers repeat what they were given; what they said stands in errors. */
function withoutSecrets({ kind, code, message, where, next, problems, cause, stack }: SlotwaveError) {
  return { ...redactRecord({ kind, code, message, where, next, problems }), cause, stack };
}

type Told = ReturnType<typeof withoutSecrets>;

/** A single problem that only repeats the error, or the end of it, would be read twice. */
function saysTheSame({
  message,
  next,
  problems,
}: Pick<SlotwaveError, 'message' | 'next' | 'problems'>): boolean {
  const [only] = problems;
  if (problems.length !== 1 || only === undefined) return false;
  const saysMore = [only.line, only.found, only.expected].some((fact) => fact !== undefined);
  const isNew = only.next !== undefined && only.next !== next;
  return !saysMore && !isNew && message.endsWith(only.message);
}

/** `file:line:col path — message (found …, expected …)`, as editors and people can follow it. */
function renderProblem(problem: Problem, colour: boolean): readonly string[] {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  const path = problem.path ? tint(neutralise(problem.path), 'bold', colour) : '';
  const facts = [
    ...(problem.found === undefined ? [] : [`found ${problem.found}`]),
    ...(problem.expected === undefined ? [] : [`expected ${problem.expected}`]),
  ];
  const head = [neutralise(place), path].filter((part) => part !== '').join(' ');
  const told = neutralise(`${problem.message}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`);
  const line = `  ${head}${head === '' ? '' : ' — '}${told}`;
  return problem.next === undefined ? [line] : [line, `      ${neutralise(problem.next)}`];
}

function tellDefect(error: Told, stack: boolean): readonly string[] {
  const { stack: told = '' } = error.cause instanceof Error ? error.cause : error;
  if (!stack) return ['  Run it again with --verbose to see where in the program this happened.'];
  return redactSaid(told)
    .split('\n')
    .map((line) => `  ${neutralise(line.replace(/^\s+/, '  '))}`);
}

/** The same, for `--json`: one line on standard error. */
export function errorJson(thrown: unknown, exitCode: number): string {
  const { kind, code, message, where, next, problems } = withoutSecrets(asSlotwaveError(thrown));
  return neutraliseJson(JSON.stringify({ error: { kind, code, message, where, next, problems, exitCode } }));
}
