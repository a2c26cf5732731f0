/** What a build gets to know while the work lasts, and how it shows it. */
import type { Plan } from '../plan/plan.ts';
import type { Finding } from '../preflight/finding.ts';
import type { Package } from '../release/package.ts';
import { reportBuildLog } from '../report/build-log.ts';
import { isRecorded } from '../report/json.ts';
import { neutralise } from '../report/neutralise.ts';
import type { Recorded, Shown } from '../rollout/events.ts';
import type { Host } from './build-door.ts';
import type { BuildInputs } from './build-inputs.ts';
import { redact, redactSaid } from './secrets.ts';
import type { RolloutPlace } from './state.ts';
import type { Witness } from './witness.ts';

/** What is known when the work has ended, however it did. */
export interface Known {
  readonly place: RolloutPlace | null;
  readonly plan: Plan | null;
  readonly findings: readonly Finding[];
  readonly savedPlan: string | null;
  readonly pkg: Package | null;
  /** What was written, with its own words about it. */
  readonly said: string;
}

export interface BuildWitness {
  readonly listener: Witness;
  begin(inputs: BuildInputs): void;
  /** A result was written. */
  heard(text: string): void;
  known(): Known;
  /** Closes what is open in the log. */
  end(): void;
}

/** A summary that is longer helps nobody. */
const maxSaidChars = 200_000;
/** Runners keep ten of a kind, and the rollout's own are not told yet. */
const maxFindings = 5;

export function createBuildWitness(host: Host): BuildWitness {
  let known: Known = { place: null, plan: null, findings: [], savedPlan: null, pkg: null, said: '' };
  let inputs: BuildInputs | null = null;
  let isGroupOpen = false;
  const end = () => {
    if (isGroupOpen) host.endGroup();
    isGroupOpen = false;
  };
  async function* report(events: AsyncIterable<Shown>, history: readonly Recorded[]): AsyncGenerator<string> {
    host.companion?.opened?.(history);
    for await (const item of reportBuildLog(watch(events, host), history)) {
      if (item.type === 'line') yield item.text;
      else if (item.type === 'group') host.group(item.title);
      else if (item.type === 'end-group') host.endGroup();
      else if (item.type === 'progress') host.progress(item.percent, item.what);
      else host.warning({ title: redact(item.title), text: redactSaid(item.text) });
      isGroupOpen = item.type === 'group' || (isGroupOpen && item.type !== 'end-group');
    }
  }
  return {
    begin: (given) => {
      inputs = given;
    },
    heard: (text) => {
      known = { ...known, said: `${known.said}${text}`.slice(0, maxSaidChars) };
    },
    known: () => known,
    end,
    listener: {
      foreseen({ plan, findings }) {
        known = { ...known, plan, findings };
        tellFindings(host, findings);
      },
      saved: (savedPlan) => {
        known = { ...known, savedPlan };
      },
      placed(place) {
        known = { ...known, place };
        if (inputs) host.companion?.placed?.(place, inputs);
      },
      packed: (pkg) => {
        known = { ...known, pkg };
      },
      report,
    },
  };
}

async function* watch(events: AsyncIterable<Shown>, { companion }: Host): AsyncGenerator<Shown> {
  for await (const event of events) {
    if (isRecorded(event)) companion?.happened?.(event);
    yield event;
  }
}

function tellFindings(host: Host, findings: readonly Finding[]): void {
  const warnings = findings.filter(
    ({ severity, silenced }) => severity === 'warning' && silenced === undefined,
  );
  const tell = ({ id, target, found, why, fix }: Finding) => ({
    title: neutralise(`${target ?? 'The fleet'}: ${id}`),
    text: redactSaid(neutralise(`${found} ${why} ${fix}`)),
  });
  for (const finding of warnings.slice(0, maxFindings)) host.warning(tell(finding));
  for (const finding of warnings.slice(maxFindings)) {
    const { title, text } = tell(finding);
    host.write(`Warning: ${title}: ${text}\n`);
  }
}
