/** A recording on disk: one file for each process that records, in a folder that they share. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ArmExchange, exchangeChannelName } from './channel.ts';
import { createRecorder, type RecordedExchange } from './recorder.ts';

/** A line of a recording: a shape where it was first seen, or how many exchanges there were up to here. */
export type RecordingLine =
  | { readonly where: string; readonly exchange: RecordedExchange }
  | { readonly taken: number; readonly passedOver: number };

export interface Recording {
  /** Who is told as the place of what is new from here on. */
  moveTo(where: string): void;
  /** Writes down how many exchanges there were since the last time. */
  count(): void;
  end(): void;
}

/**
 * Records what every emulator of this process exchanges, until `end`. What cannot be written is a defect of the
 * recording: it is thrown on its own (diagnostics channels see to that), never at the exchange.
 */
export function startRecording(folder: string, where: string): Recording {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `exchanges-${process.pid}.ndjson`);
  const write = (line: RecordingLine) => appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  let place = where;
  const { counts, take } = createRecorder((exchange) => write({ where: place, exchange }));
  const listen = (message: unknown) => take(message as ArmExchange);
  subscribe(exchangeChannelName, listen);
  const count = () => {
    if (counts.taken + counts.passedOver === 0) return;
    write({ ...counts });
    counts.taken = 0;
    counts.passedOver = 0;
  };
  return {
    moveTo: (next) => {
      place = next;
    },
    count,
    end: () => {
      unsubscribe(exchangeChannelName, listen);
      count();
    },
  };
}
