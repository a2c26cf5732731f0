/** The world file: what Azure looks like before anything happens. docs/emulator.md is its reference. */
import * as z from 'zod';
import { demand } from '../problem.ts';
import { guid, siteName, slotName } from './fields.ts';
import { skuNames, skus } from './skus.ts';
import { planSurroundings, storageAccountSchema } from './surroundings.ts';
import {
  identitySchema,
  latenciesSchema,
  lockSchema,
  networkSchema,
  placeSwitches,
  siteLatenciesSchema,
  tenantSchema,
  throttlingSchema,
} from './switches.ts';

const settings = z.record(z.string().min(1), z.coerce.string());
const packageSource = z.union([z.string().min(1), z.instanceof(Uint8Array)]);
const place = {
  settings: settings.default({}),
  package: packageSource.optional(),
  release: z.string().min(1).optional(),
  state: z.enum(['Running', 'Stopped']).default('Running'),
  config: z.record(z.string(), z.unknown()).default({}),
  ...placeSwitches,
};

const slotSchema = z.strictObject({ name: slotName, ...place });

const siteSchema = z.strictObject({
  name: siteName,
  region: z.string().min(1),
  resourceGroup: z.string().min(1).optional(),
  subscription: guid.optional(),
  os: z.enum(['linux', 'windows']).default('linux'),
  plan: z
    .strictObject({
      name: z.string().min(1).optional(),
      sku: z.enum(skuNames).default('EP1'),
      ...planSurroundings,
    })
    .prefault({}),
  kind: z.string().min(1).optional(),
  tags: settings.default({}),
  sticky: z.array(z.string().min(1)).default([]),
  latencies: siteLatenciesSchema.default({}),
  slots: z.array(slotSchema).default(() => [slotSchema.parse({ name: 'staging' })]),
  ...place,
});

const worldSchema = z
  .strictObject({
    subscription: guid.default('51075a1e-0000-4000-8000-000000000001'),
    resourceGroup: z.string().min(1).default('slotwave'),
    latencies: latenciesSchema.prefault({}),
    identity: identitySchema.prefault({}),
    /** Besides the tenant of `identity`, to which every other subscription belongs. */
    tenants: z.array(tenantSchema).default([]),
    throttling: throttlingSchema,
    locks: z.array(lockSchema).default([]),
    network: networkSchema.prefault({}),
    storageAccounts: z.array(storageAccountSchema).default([]),
    /** Two operations on one plan: the second is refused, with 409 or (as it was seen once) with 429. */
    planLocks: z.union([z.boolean(), z.literal('throttled')]).default(false),
    /** How the swap of a stopped slot ends: not documented (§11). */
    stoppedSwap: z.enum(['times-out', 'succeeds', 'refused']).default('times-out'),
    /** In which of the two dialects a slot is missing: not documented (§1.2). */
    missingSlot: z.enum(['arm', 'app-service']).default('arm'),
    /** What the SCM site of Flex Consumption says once the deployment has ended (§2.7). */
    flexRecycle: z.enum(['never', 'not-found', 'empty']).default('never'),
    /** Lines that every deployment writes into its log. */
    deploymentLog: z.array(z.string()).default([]),
    sites: z.array(siteSchema),
  })
  .superRefine((world, context) => {
    const seen = new Map<string, number>();
    for (const [index, site] of world.sites.entries()) {
      const at = ['sites', index] as const;
      const first = seen.get(site.name.toLowerCase());
      if (first !== undefined) {
        context.addIssue({
          code: 'custom',
          path: [...at, 'name'],
          message: `"${site.name}" is already sites[${first}]: names of sites are unique in the world`,
        });
      } else seen.set(site.name.toLowerCase(), index);
      const limit = skus[site.plan.sku].slotLimit;
      if (site.slots.length + 1 > limit) {
        const message = `a site on ${site.plan.sku} may have ${limit} slot(s) with production; this one has ${site.slots.length + 1}`;
        context.addIssue({ code: 'custom', path: [...at, 'slots'], message });
      }
      const names = site.slots.map((slot) => slot.name.toLowerCase());
      for (const [slotIndex, name] of names.entries()) {
        if (names.indexOf(name) < slotIndex) {
          context.addIssue({
            code: 'custom',
            path: [...at, 'slots', slotIndex, 'name'],
            message: `the site has a slot "${name}" already`,
          });
        }
      }
    }
  });

/** What a world file or a test may write: the short form. */
export type WorldInput = z.input<typeof worldSchema>;
/** The same with every default in its place. */
export type World = z.output<typeof worldSchema>;
export type SiteDefinition = World['sites'][number];
export type SlotDefinition = SiteDefinition['slots'][number];
/** All in milliseconds. */
export type Latencies = World['latencies'];
export type SiteLatencies = SiteDefinition['latencies'];

/** Checks a world. Throws BadInput with every problem at once. */
export function readWorld(value: unknown, what = 'The world'): World {
  return demand(worldSchema, value, what);
}
