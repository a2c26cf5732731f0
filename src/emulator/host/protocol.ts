/**
 * What the host and its child process say to each other over the child's IPC channel. The data shapes inside
 * (`TypedData`, `RpcHttp`) are those of the Functions worker protocol, because `@azure/functions` reads them.
 */

/** One value as the worker protocol writes it: exactly one of the fields is set. */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: RpcHttp;
}

export interface RpcCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: Wrapped<string>;
  readonly path?: Wrapped<string>;
  readonly expires?: Wrapped<{ readonly seconds?: number }>;
  readonly secure?: Wrapped<boolean>;
  readonly httpOnly?: Wrapped<boolean>;
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  readonly maxAge?: Wrapped<number>;
}

/** The protocol wraps what may be absent. */
export interface Wrapped<T> {
  readonly value?: T;
}

/** A request (method, url, query, params) or a response (statusCode, cookies). */
export interface RpcHttp {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: TypedData | null;
  readonly statusCode?: string;
  readonly cookies?: readonly RpcCookie[];
}

/** A binding as the app declared it; which further fields there are depends on its type. */
export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly direction?: string;
  readonly [field: string]: unknown;
}

export interface RegisteredFunction {
  readonly name: string;
  readonly bindings: readonly Binding[];
}

export interface NamedData {
  readonly name: string;
  readonly data: TypedData;
}

/** The result of one invocation: `$return` apart from the other outputs. */
export interface InvocationResult {
  readonly returnValue?: TypedData | null;
  readonly outputData?: readonly NamedData[];
}

export interface InvokeCall {
  readonly invocationId: string;
  readonly functionName: string;
  readonly inputData: readonly NamedData[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
}

export interface KeepCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Asked politely with this signal first. The real `func` hangs on SIGTERM (toolchain.md §12). */
  readonly stopSignal: 'SIGINT' | 'SIGTERM';
}

/** From the host to its child. */
export type ToChild =
  | { readonly type: 'load'; readonly root: string; readonly hostVersion: string }
  | { readonly type: 'keep'; readonly call: KeepCall }
  | { readonly type: 'invoke'; readonly call: InvokeCall }
  | { readonly type: 'terminate' };

/** From the child to the host. */
export type FromChild =
  | {
      readonly type: 'loaded';
      readonly functions: readonly RegisteredFunction[];
      /** Why an entry file did not load. The real worker only warns about it (azure-platform.md §4.1). */
      readonly entryError?: string;
    }
  | { readonly type: 'kept'; readonly pid: number }
  | { readonly type: 'kept-ended'; readonly reason: string }
  | { readonly type: 'invoked'; readonly invocationId: string; readonly result: InvocationResult }
  | { readonly type: 'invocation-failed'; readonly invocationId: string; readonly error: string };
