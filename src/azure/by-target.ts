/** One face for a fleet that is in several tenants and clouds: each method is carried out where its target is. */
import type { Target } from '../plan/fleet.ts';

type Method = (target: Target, ...rest: never[]) => Promise<unknown>;

/** The methods of `sample`, each by whom `of` names for its target. Every method takes the target first: it compiles no other way. */
export function routeByTarget<T extends { readonly [K in keyof T]: Method }>(
  sample: T,
  of: (target: Target) => Promise<T>,
): T {
  const route =
    (name: keyof T): Method =>
    async (target, ...rest) =>
      (await of(target))[name](target, ...rest);
  const names = Object.keys(sample) as (keyof T & string)[];
  return Object.fromEntries(names.map((name) => [name, route(name)])) as T;
}
