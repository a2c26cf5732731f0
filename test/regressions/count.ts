/** What was asked of Azure on the way, and what became of it: from the wire and from the emulator's own record. */
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { Sent } from './wire.ts';

export const siteNames = ['weu', 'neu'] as const;

export function countAll({ emulator }: { readonly emulator: Emulator }, sent: readonly Sent[]) {
  const posts = sent.filter(({ method }) => method === 'POST');
  const count = (fits: (site: string) => number) =>
    Object.fromEntries(siteNames.map((site) => [site, fits(site)] as const));
  const { sites } = emulator.snapshot();
  return {
    uploads: count(
      (site) =>
        posts.filter(
          ({ origin, path }) =>
            origin.startsWith(`https://${site}-staging.scm.`) && /^\/api\/(zipdeploy|publish)\?/.test(path),
        ).length,
    ),
    swapRequests: count(
      (site) =>
        posts.filter(({ path }) => path.includes(`/sites/${site}/`) && path.includes('/slotsswap')).length,
    ),
    swaps: count(
      (site) =>
        emulator.history.filter((event) => event.type === 'swap.routed' && event.site === site).length,
    ),
    arrived: Object.fromEntries(
      siteNames.map((site) => [
        site,
        emulator.history.flatMap((event) =>
          event.type === 'deployment.done' && event.site === site ? [event.digest] : [],
        ),
      ]),
    ),
    besideSettings: Object.fromEntries(
      siteNames.map((site) => [site, sites[site]?.slots['staging']?.settings ?? {}]),
    ),
    live: Object.fromEntries(
      siteNames.map((site) => [site, sites[site]?.slots['production']?.release ?? null]),
    ),
  };
}
