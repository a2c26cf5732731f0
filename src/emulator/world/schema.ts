/** The world file: what Azure looks like before anything happens. docs/emulator.md is its reference. */
import { z } from 'zod';
import { readDurationMs } from '../duration.ts';
import { demand } from '../problem.ts';
import { skuNames, skus } from './skus.ts';

/** A length of time; a number counts milliseconds. */
export const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = readDurationMs(value);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: `"${value}" is not a duration; write 250ms, 30s, 5m or 1h` });
  return z.NEVER;
});

const guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a GUID');
const siteName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$/i, 'must be 1 to 60 letters, digits and inner hyphens');
const slotName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,57}[a-z0-9])?$/i, 'must be 1 to 59 letters, digits and inner hyphens')
  .refine(
    (name) => name.toLowerCase() !== 'production',
    'production is the site itself, not one of its slots',
  );

const settings = z.record(z.string().min(1), z.coerce.string());
const packageSource = z.union([z.string().min(1), z.instanceof(Uint8Array)]);
const place = {
  settings: settings.default({}),
  package: packageSource.optional(),
  release: z.string().min(1).optional(),
  state: z.enum(['Running', 'Stopped']).default('Running'),
  config: z.record(z.string(), z.unknown()).default({}),
};

const slotSchema = z.strictObject({ name: slotName, ...place });

const siteSchema = z.strictObject({
  name: siteName,
  region: z.string().min(1),
  resourceGroup: z.string().min(1).optional(),
  subscription: guid.optional(),
  os: z.enum(['linux', 'windows']).default('linux'),
  plan: z
    .strictObject({ name: z.string().min(1).optional(), sku: z.enum(skuNames).default('EP1') })
    .prefault({}),
  kind: z.string().min(1).optional(),
  tags: settings.default({}),
  sticky: z.array(z.string().min(1)).default([]),
  slots: z.array(slotSchema).default(() => [slotSchema.parse({ name: 'staging' })]),
  ...place,
});

/** Azure-like times; the sources are in README.md. */
const latenciesSchema = z.strictObject({
  arm: duration.prefault('150ms'),
  login: duration.prefault('50ms'),
  scm: duration.prefault('100ms'),
  front: duration.prefault('20ms'),
  deploy: duration.prefault('20s'),
  scmSettings: duration.prefault('5s'),
  hostStart: duration.prefault('8s'),
  restart: duration.prefault('3s'),
  swapApply: duration.prefault('10s'),
  swapPing: duration.prefault('15s'),
  swapRoute: duration.prefault('5s'),
  swapPost: duration.prefault('10s'),
  /** Retry-After of a running swap; Azure's own value is not documented (azure-platform.md §11). 0: none is sent. */
  swapPoll: duration.prefault('15s'),
});

const identitySchema = z.strictObject({
  tenantId: guid.optional(),
  clientId: guid.optional(),
  clientSecret: z.string().min(1).optional(),
  tokenLifetime: duration.prefault('60m'),
});

const worldSchema = z
  .strictObject({
    subscription: guid.default('51075a1e-0000-4000-8000-000000000001'),
    resourceGroup: z.string().min(1).default('slotwave'),
    latencies: latenciesSchema.prefault({}),
    identity: identitySchema.prefault({}),
    /** ARM's token buckets (azure-platform.md §6): counted always, enforced only when on. */
    throttling: z.boolean().default(false),
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

/** Checks a world. Throws BadInput with every problem at once. */
export function readWorld(value: unknown, what = 'The world'): World {
  return demand(worldSchema, value, what);
}
