import type { Recorded, Shown } from '../rollout/events.ts';
import { neutraliseJson } from './neutralise.ts';

/** `--json`: the journal, one JSON document a line. Notices are not in the journal, so they are not here. */
export async function* reportJson(events: AsyncIterable<Shown>): AsyncGenerator<string> {
  for await (const event of events) {
    if (isRecorded(event)) yield neutraliseJson(JSON.stringify(event));
  }
}

export function isRecorded(event: Shown): event is Recorded {
  return 'seq' in event;
}
