// Where no run has left its times behind (a fresh clone, CI), jest begins with the largest files, and the longest
// suites, which are small ones, would come last and keep one core busy alone.
import SequencerModule from '@jest/test-sequencer';

const Sequencer = SequencerModule.default ?? SequencerModule;
const long = [
  /storm[^/]*\.test/,
  /test\/entry\/rollout\.test/,
  /test\/fleet\.test/,
  /zip64\.test/,
  /bad-input\.test/,
];

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const rank = ({ path }) => {
      const at = long.findIndex((pattern) => pattern.test(path));
      return at < 0 ? long.length : at;
    };
    // The sort is stable: among the others, jest's own order stays.
    return [...(await super.sort(tests))].sort((one, other) => rank(one) - rank(other));
  }
}
