/** What is asked of a swap that cannot be meant. */
import { quote } from './found.ts';
import type { Complaint } from './meaning.ts';
import { asList, asMapping, type Mapping } from './outline.ts';

const pingNames = ['WEBSITE_SWAP_WARMUP_PING_PATH', 'WEBSITE_SWAP_WARMUP_PING_STATUSES'];

export function checkSwap(root: Mapping): readonly Complaint[] {
  const written = asMapping(root['swap'])['warmUp'];
  if (written === undefined) return [];
  const warmUp = asMapping(written);
  const complaints: Complaint[] = Object.keys(asMapping(root['settings']))
    .filter((name) => pingNames.includes(name.toUpperCase()))
    .map((name) => ({
      path: ['settings', name],
      atKey: true,
      message: 'is what swap.warmUp writes',
      next: 'Keep one of the two.',
    }));
  const statuses = asList(warmUp['statuses']);
  // Azure's own requests to `/` get 204 from a sound function host (azure-platform.md §0.6).
  if ((warmUp['path'] ?? '/') === '/' && statuses.length > 0 && !statuses.includes(204)) {
    complaints.push({
      path: ['swap', 'warmUp', 'statuses'],
      message: 'would let no function app become warm',
      found: quote(statuses.join(', ')),
      expected: '204 among them: at "/" a sound host says 204 to Azure',
      next: 'Add 204, or name a path of your app in swap.warmUp.path.',
    });
  }
  return complaints;
}
