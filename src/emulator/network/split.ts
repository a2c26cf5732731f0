/** Traffic split: a share of production's requests is answered by another slot (azure-platform.md §3.6). */
import { fieldOf } from '../incoming.ts';
import type { Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';

const cookieName = 'x-ms-routing-name';

export interface Routed {
  readonly slot: Slot;
  /** The cookie that keeps this client where it was sent; null where nothing is split. */
  readonly cookie: string | null;
}

/** Who answers a request to the address of `slot`: query, then cookie, then the dice. */
export function routeRequest(platform: Platform, slot: Slot, request: Request): Routed {
  const rules = slot === slot.site.production ? rampUpRules(platform, slot) : [];
  const wanted = askedFor(request);
  if (rules.length === 0 && wanted === null) return { slot, cookie: null };
  const named = wanted === null ? undefined : findNamed(slot, wanted);
  const chosen = named ?? throwDice(platform, slot, rules);
  const name = chosen === slot.site.production ? 'self' : chosen.name;
  const cookie = `${cookieName}=${name}; path=/; secure; HttpOnly; SameSite=None; Max-Age=3600`;
  return { slot: chosen, cookie: rules.length > 0 || named ? cookie : null };
}

interface Rule {
  readonly slot: Slot;
  readonly percentage: number;
}

function rampUpRules(platform: Platform, production: Slot): readonly Rule[] {
  const rules = fieldOf(production.config, 'experiments', 'rampUpRules');
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown) => {
    const label = String(fieldOf(rule, 'actionHostName') ?? '')
      .split('.')[0]!
      .toLowerCase();
    const slot = platform.slotsByLabel.get(label);
    const percentage = Number(fieldOf(rule, 'reroutePercentage') ?? 0);
    return slot?.site === production.site ? [{ slot, percentage }] : [];
  });
}

function askedFor(request: Request): string | null {
  const query = new URL(request.url).searchParams.get(cookieName);
  if (query !== null) return query;
  const cookies = request.headers.get('cookie');
  return cookies === null ? null : (/(?:^|;\s*)x-ms-routing-name=([^;]*)/i.exec(cookies)?.[1] ?? null);
}

/** Only production's address leads to other slots. */
function findNamed(slot: Slot, name: string): Slot | undefined {
  const { site } = slot;
  if (slot !== site.production) return undefined;
  return name.toLowerCase() === 'self' ? slot : site.slots.get(name.toLowerCase());
}

function throwDice(platform: Platform, production: Slot, rules: readonly Rule[]): Slot {
  let left = rules.length === 0 ? 100 : platform.dice.next() * 100;
  for (const { slot, percentage } of rules) {
    left -= percentage;
    if (left < 0) return slot;
  }
  return production;
}
