/** A rehearsal's Azure is on this machine: no private endpoint, no DNS server and no proxy of the config leads to it. */
import type { Config, ConfigTarget } from '../config/config.ts';
import type { Outside } from './outside.ts';

export function lookHere(config: Config, outside: Pick<Outside, 'writeError'>): Config {
  const { exposure, ...probes } = config.probes;
  const elsewhere = [probes.vantage, ...config.targets.map(({ vantage }) => vantage)].some(
    (vantage) => vantage !== undefined && vantage.via !== 'direct' && vantage.via !== 'arm',
  );
  if (elsewhere)
    outside.writeError(
      'In a rehearsal every app is looked at directly: the networks of the config are not there.\n',
    );
  if (exposure !== undefined)
    outside.writeError('In a rehearsal the public door is not tried: everything here is on this machine.\n');
  return {
    ...config,
    targets: config.targets.map(lookDirectly),
    probes: { ...probes, vantage: probes.vantage.via === 'arm' ? probes.vantage : { via: 'direct' } },
  };
}

/** What has no line of sight in Azure has none here either, so that much can be rehearsed. */
function lookDirectly({ vantage, ...target }: ConfigTarget): ConfigTarget {
  if (vantage === undefined) return target;
  return { ...target, vantage: vantage.via === 'arm' ? vantage : { via: 'direct' } };
}
