/** What the app is like: well, or ill somewhere, from the start or after a while. */
import type { FaultInput } from '../../../src/emulator/faults/schema.ts';
import type { StormSite } from '../stage.ts';
import type { Dice } from './dice.ts';

export interface Illness {
  /** Late: it shows so long after the release came to production that the rollout may have ended. */
  readonly kind: 'none' | 'staging' | 'production' | 'late' | 'environment';
  readonly faults: readonly FaultInput[];
  /** Targets on which the release fails in production. */
  readonly failing: number;
  /** Site → how long after its arrival in production the release is ill there. */
  readonly illAfterMs: ReadonlyMap<string, number>;
  readonly said: string;
}

const newRelease = 'r-new*';

export function drawIllness(dice: Dice, sites: readonly StormSite[]): Illness {
  const kind = dice.pick([
    ...Array<'none'>(9).fill('none'),
    ...Array<'production'>(4).fill('production'),
    'staging',
    'staging',
    'late',
    'late',
    'environment',
  ] as const);
  const well: Illness = {
    kind: 'none',
    faults: [],
    failing: 0,
    illAfterMs: new Map(),
    said: 'the app is well',
  };
  if (kind === 'none') return well;
  const names = dice.some(sites, dice.chance(0.7) ? 1 : dice.int(1, sites.length)).map(({ name }) => name);
  const status = dice.pick([500, 500, 500, 503, 404, 401]);
  const sick = (site: string, place: string, more: object) => ({
    when: { site },
    // biome-ignore lint/suspicious/noThenProperty: the word of the faults file.
    then: { app: { sick: { in: place, status, release: newRelease, ...more } } },
  });
  const said = `the app answers ${status} in ${names.join(', ')}`;
  switch (kind) {
    case 'staging':
      return {
        ...well,
        kind,
        faults: names.map((name) => sick(name, 'staging', {})),
        said: `${said}, in staging`,
      };
    case 'production':
      return {
        kind,
        faults: names.map((name) => sick(name, 'production', {})),
        failing: names.length,
        illAfterMs: new Map(names.map((name) => [name, 0])),
        said: `${said}, in production`,
      };
    case 'late': {
      const after = dice.int(1, 30) * 10_000;
      return {
        kind,
        faults: names.map((name) => sick(name, 'production', { after })),
        failing: names.length,
        illAfterMs: new Map(names.map((name) => [name, after])),
        said: `${said}, in production after ${after / 1000} s`,
      };
    }
    case 'environment': {
      const after = dice.int(3, 60) * 10_000;
      return {
        ...well,
        kind,
        faults: names.map((site) => ({
          when: { site, after },
          // biome-ignore lint/suspicious/noThenProperty: the word of the faults file.
          then: { app: { sick: { status } } },
        })),
        said: `every release answers ${status} in ${names.join(', ')} from ${after / 1000} s on`,
      };
    }
    default:
      return kind satisfies never;
  }
}
