/** The place from which we look. A vantage is a few lines behind one interface. */
import type { RoadFacts } from './road.ts';
import type { Finding, Side } from './verdict.ts';

export interface AskRequest {
  /** Which slot is asked; for a vantage that does not go by the host's name. */
  readonly side: Side;
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The address that answered, where the vantage can know it. */
  readonly address: string | null;
  /** How it came about, as far as the vantage could see. */
  readonly road?: RoadFacts | undefined;
  /** What it rests on where that is less than the app's own word: `control plane only`. */
  readonly source?: string | undefined;
}

/** Thrown by `ask` when nothing answered. */
export class NoAnswer extends Error {
  /** `ETIMEDOUT`, `ECONNREFUSED`, `ENOTFOUND`, … */
  readonly code: string;
  /** How far it came. */
  readonly road: RoadFacts | undefined;
  constructor(code: string, message: string, road?: RoadFacts) {
    super(message);
    this.name = 'NoAnswer';
    this.code = code;
    this.road = road;
  }
}

export interface Vantage {
  readonly name: string;
  ask(request: AskRequest): Promise<Answer>;
  /**
   * True when it hears of the app from Azure and never from the app itself: it needs no key of the host, and has no
   * way to ask for a path of the app.
   */
  readonly isHearsay?: boolean | undefined;
  /** What this vantage knows beside the answers: readings of its own about one slot. */
  also?(side: Side, signal?: AbortSignal): Promise<readonly Finding[]>;
}
