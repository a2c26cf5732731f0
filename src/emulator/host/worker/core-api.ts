/**
 * The module `@azure/functions-core`, which is no package: the language worker provides it at run time, and
 * `@azure/functions` registers the app's functions, hooks and programming model through it. Source: the use of
 * it in `@azure/functions` 4.x, and the public `azure-functions-nodejs-worker`.
 */
import Module from 'node:module';
import type { Binding, InvocationResult, RegisteredFunction } from '../protocol.ts';

export type Callback = (...args: readonly unknown[]) => unknown;
export type HookName = 'preInvocation' | 'postInvocation' | 'appStart' | 'appTerminate' | 'log';

/** What a programming model makes of one invocation; `@azure/functions` implements it. */
export interface InvocationModel {
  getArguments(): Promise<{ context: object; inputs: unknown[] }>;
  invokeFunction(context: object, inputs: unknown[], callback: Callback): Promise<unknown>;
  getResponse(context: object, result: unknown): Promise<InvocationResult>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: object): InvocationModel;
  getCapabilities?(offered: Record<string, string>): Promise<Record<string, string>> | Record<string, string>;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly functionId?: string;
  readonly bindings: Readonly<Record<string, Omit<Binding, 'name'>>>;
}

/** What the app has registered so far. */
export interface AppState {
  readonly functions: Map<string, { readonly metadata: FunctionMetadata; readonly callback: Callback }>;
  readonly hooks: Map<HookName, Callback[]>;
  readonly appHookData: Record<string, unknown>;
  model: ProgrammingModel | undefined;
  /** Functions can be registered only while the app starts. */
  started: boolean;
}

export function newAppState(): AppState {
  const hooks = new Map<HookName, Callback[]>();
  for (const name of ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'] as const) {
    hooks.set(name, []);
  }
  return { functions: new Map(), hooks, appHookData: {}, model: undefined, started: false };
}

/** Makes `require('@azure/functions-core')` answer with our module, for every module loaded from now on. */
export function provideCoreModule(
  app: AppState,
  hostVersion: string,
  log: (level: string, text: string) => void,
): void {
  const core = createCoreApi(app, hostVersion, log);
  const original = Module.prototype.require as unknown as (this: unknown, id: string) => unknown;
  const patched = function (this: unknown, id: string): unknown {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  };
  Module.prototype.require = patched as unknown as typeof Module.prototype.require;
}

export function createCoreApi(
  app: AppState,
  hostVersion: string,
  log: (level: string, text: string) => void,
): object {
  return {
    version: hostVersion,
    hostVersion,
    Disposable: CoreDisposable,
    getProgrammingModel: () => app.model,
    setProgrammingModel: (model: ProgrammingModel) => {
      app.model = model;
    },
    registerFunction: (metadata: FunctionMetadata, callback: Callback) => {
      if (app.started) throw new Error('A function can only be registered while the app starts.');
      app.functions.set(metadata.name, { metadata, callback });
      return new CoreDisposable(() => app.functions.delete(metadata.name));
    },
    registerHook: (name: string, callback: Callback) => {
      const hooks = app.hooks.get(name as HookName);
      if (!hooks) throw new RangeError(`There is no hook named "${name}".`);
      hooks.push(callback);
      return new CoreDisposable(() => hooks.splice(hooks.indexOf(callback), 1));
    },
    log: (level: string, _category: string, message: string) => log(level, message),
  };
}

/** The functions as the host lists them: every binding with its name, the trigger first. */
export function listRegistered(app: AppState): readonly RegisteredFunction[] {
  return [...app.functions.values()].map(({ metadata }) => ({
    name: metadata.name,
    bindings: Object.entries(metadata.bindings).map(
      // A round trip through JSON leaves what the wire would: no functions, no undefined.
      ([name, binding]) => JSON.parse(JSON.stringify({ ...binding, name })) as Binding,
    ),
  }));
}

export async function runHooks(app: AppState, name: HookName, context: object): Promise<void> {
  for (const hook of app.hooks.get(name) ?? []) await hook(context);
}

class CoreDisposable {
  readonly #undo: () => unknown;

  constructor(undo: () => unknown) {
    this.#undo = undo;
  }

  static from(...disposables: readonly { dispose(): unknown }[]): CoreDisposable {
    return new CoreDisposable(() => {
      for (const one of disposables) one.dispose();
    });
  }

  dispose(): unknown {
    return this.#undo();
  }
}
