/** What the host needs of an app that runs, whatever runs it. */
import type { Binding } from './protocol.ts';

export interface AppFunction {
  readonly name: string;
  /** As the host's API spells it: `node`, `Custom`, `python`. */
  readonly language: string;
  readonly scriptFile: string;
  readonly entryPoint: string;
  /** The function's own folder, relative to the app's root; empty where a model has none. */
  readonly directory: string;
  readonly bindings: readonly Binding[];
}

/** One HTTP request for one function, its body read. */
export interface HttpCall {
  readonly fn: AppFunction;
  readonly request: Request;
  readonly body: Uint8Array;
  /** Values of the route's parameters. */
  readonly params: Readonly<Record<string, string>>;
}

/** A live process that runs the app's functions. */
export interface AppProcess {
  readonly pid: number;
  readonly functions: readonly AppFunction[];
  /** Why some functions may be missing; the real host keeps it to its log. */
  readonly entryError?: string;
  /** Resolves with the reason as soon as the process has ended. */
  readonly gone: Promise<string>;
  /** Rejects with AppFailedError when the function failed, with AppGoneError when the process ended meanwhile. */
  answer(call: HttpCall, signal: AbortSignal): Promise<Response>;
  /** Runs a function that no HTTP request triggers, with the input that the caller gave (may be empty). */
  run(fn: AppFunction, input: string, signal: AbortSignal): Promise<void>;
  /** Resolves when the process and everything it started are gone. */
  stop(): Promise<void>;
}

/** The function ran and failed: the real host answers 500 with an empty body. */
export class AppFailedError extends Error {}

/** The process that should have answered is gone. */
export class AppGoneError extends Error {}

export function triggerOf(fn: AppFunction): Binding | undefined {
  return fn.bindings.find((binding) => binding.type.toLowerCase().endsWith('trigger'));
}

export function isHttp(fn: AppFunction): boolean {
  return triggerOf(fn)?.type.toLowerCase() === 'httptrigger';
}

/** Throws AppFailedError when what the app gave cannot be an HTTP answer: a status of 99, a header with a line end. */
export function buildResponse(body: Body, status: number, headers: Pairs): Response {
  const isEmpty = status === 204 || status === 205 || status === 304;
  try {
    return new Response(isEmpty ? null : body, { status, headers });
  } catch (thrown) {
    throw new AppFailedError(`The app's answer is no HTTP response: ${String(thrown)}`);
  }
}

type Body = string | Uint8Array<ArrayBuffer> | null;
type Pairs = [string, string][] | Record<string, string>;
