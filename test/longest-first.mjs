// Where no run has left its times behind (a fresh clone, CI), jest begins with the largest files, and the longest
// suites, which are small ones, would come last and keep one core busy alone.
import SequencerModule from '@jest/test-sequencer';

const Sequencer = SequencerModule.default ?? SequencerModule;
const long = [
  'storm-twice',
  'storm',
  'secrecy',
  'storm-deck',
  'lab/rollouts',
  'lab/diagnosis',
  'entry/rollout',
  'fleet',
  'permissions',
  'doors/github',
  'doors/pipelines',
  'entry/pull',
  'bad-input',
  'storm-mutants',
  'release/zip64',
  'entry/stopped',
  'azure/sign-in-https',
  'entry/throttled',
  'entry/probe',
  'emulator/main',
  'regressions/table',
  'entry/cli',
  'emulator-host/lifecycle',
];

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const rank = ({ path }) => {
      const at = long.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? long.length : at;
    };
    // The sort is stable: among the others, jest's own order stays.
    return [...(await super.sort(tests))].sort((one, other) => rank(one) - rank(other));
  }
}
