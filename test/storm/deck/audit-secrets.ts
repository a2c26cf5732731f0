/** No token, key or value of a setting stands in the journal. */

import type { Baggage } from '../stage.ts';
import { stormSettings } from '../stage.ts';
import type { Played } from './play-hand.ts';

export function auditSecrets({ entries, secrets }: Played, _baggage: Baggage): readonly string[] {
  const text = JSON.stringify(entries);
  const found = [...secrets].filter((secret) => text.includes(secret)).length;
  return [
    ...(found > 0 ? [`${found} tokens or keys stand in the journal`] : []),
    ...(text.includes('secret-of-') ? ['the value of a setting stands in the journal'] : []),
    ...(Object.entries(stormSettings).some(([name, value]) => text.includes(`"${name}":"${value}"`))
      ? ['a setting of the config stands in the journal with its value']
      : []),
  ];
}
