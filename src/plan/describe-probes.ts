/** What will be asked of each target, how often, and of whom it cannot be asked. */
import { formatDuration } from './layout.ts';
import type { Plan } from './plan.ts';

export function describeProbes({ probes, targets }: Plan): readonly (readonly [string, string])[] {
  const { healthyStateDurationMs = 0, dependencies = [] } = probes;
  const checks = [
    ...['host', 'functions', 'release', ...probes.checks.map((check) => check.name)],
    ...(probes.requirePrivate ? ['private'] : []),
    ...(probes.certificate ? ['certificate'] : []),
    ...(probes.exposure ? ['exposure'] : []),
    ...dependencies.map(({ host, port }) => `${host}:${port}`),
  ];
  const lasting = healthyStateDurationMs > 0 ? ` over ${formatDuration(healthyStateDurationMs)}` : '';
  const often = `every ${formatDuration(probes.intervalMs)} until ${probes.consecutiveSuccessLimit} in a row${lasting} are healthy`;
  const names = targets
    .map(({ facts }) => facts.target)
    .filter(({ vantage = probes.vantage }) => vantage.via === 'arm')
    .map(({ name }) => name);
  const unasked = [
    ...probes.checks.map((check) => check.name),
    ...(probes.certificate ? ['certificate'] : []),
    ...(probes.requirePrivate ? ['private'] : []),
  ];
  return [
    ['probes', `${checks.join(', ')}: ${often}, for at most ${formatDuration(probes.deadlineMs)}`],
    ...(names.length === 0 || unasked.length === 0
      ? []
      : [
          [
            'not asked',
            `${unasked.join(', ')} of ${names.join(', ')}: Azure Resource Manager has no way to ask an app (vantage arm)`,
          ] as const,
        ]),
  ];
}
