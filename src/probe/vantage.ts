/** The place from which we look. A vantage is a few lines behind one interface. */

export interface AskRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The address that answered, where the vantage can know it. */
  readonly address: string | null;
}

/** Thrown by `ask` when nothing answered. */
export class NoAnswer extends Error {
  /** `ETIMEDOUT`, `ECONNREFUSED`, `ENOTFOUND`, … */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'NoAnswer';
    this.code = code;
  }
}

export interface Vantage {
  readonly name: string;
  ask(request: AskRequest): Promise<Answer>;
}
