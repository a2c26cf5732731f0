/** Which bars of a rollout are worth drawing: every target of a small fleet, waves and trouble of a large one. */
import type { Bar, Lane } from './mermaid.ts';
import type { Span, Story } from './story.ts';

/** So many are told apart at a glance. */
const maxTargets = 12;

export function layBars({ spans, targets, waves }: Story): readonly Lane[] {
  const isSmall = targets.length <= maxTargets;
  const waveOf = new Map(targets.map(({ name, wave }) => [name, wave]));
  const of = (verb: Span['verb'], wave?: string) =>
    spans.filter((span) => span.verb === verb && (wave === undefined || waveOf.get(span.of) === wave));
  const draw = (verb: Span['verb'], found: readonly Span[]) =>
    isSmall ? found.map((span) => bar(`${words[verb]} ${span.of}`, span)) : [...gather(verb, found)];
  return [
    { name: 'staging', bars: draw('stage', of('stage')) },
    ...waves.map((wave) => ({
      name: `wave ${wave}`,
      bars: [
        ...draw('promote', of('promote', wave)),
        ...of('bake')
          .filter((span) => span.of === wave)
          .map((span) => bar('bake', span)),
      ],
    })),
    { name: 'rollback', bars: draw('revert', of('revert')) },
  ];
}

const words: Readonly<Record<Span['verb'], string>> = {
  stage: 'stage',
  promote: 'promote',
  bake: 'bake',
  revert: 'take back',
};

function bar(what: string, { verb, fromMs, untilMs, failed }: Span): Bar {
  const tone = failed ? 'crit' : verb === 'bake' || verb === 'revert' ? 'active' : 'done';
  return { what, fromMs, untilMs, tone };
}

/** All of them as one bar, and those that failed by name. */
function* gather(verb: Span['verb'], spans: readonly Span[]): Generator<Bar> {
  if (spans.length === 0) return;
  const all = {
    verb,
    of: '',
    fromMs: spans.reduce((least, { fromMs }) => Math.min(least, fromMs), Number.POSITIVE_INFINITY),
    untilMs: spans.reduce((most, { untilMs }) => Math.max(most, untilMs), 0),
    failed: false,
  };
  yield bar(`${words[verb]} ${spans.length} targets`, all);
  for (const span of spans.filter(({ failed }) => failed).slice(0, maxTargets))
    yield bar(`${words[verb]} ${span.of}`, span);
}
