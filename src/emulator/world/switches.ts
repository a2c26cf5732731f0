/** The parts of the world file that say how unfriendly Azure is. docs/emulator.md is their reference. */
import * as z from 'zod';
import { duration, guid, hostName, ipAddress, referenceStatuses, throttleCodes } from './fields.ts';
import { networkSurroundings, placeSurroundings } from './surroundings.ts';

const bucket = z.strictObject({ tokens: z.int().min(1), perSecond: z.number().positive() });

/** ARM's token buckets (azure-platform.md §6): counted always, enforced only when on. */
export const throttlingSchema = z
  .union([
    z.boolean(),
    z.strictObject({
      code: z.enum(throttleCodes).default('TooManyRequests'),
      reads: bucket.optional(),
      writes: bucket.optional(),
      deletes: bucket.optional(),
    }),
  ])
  .default(false);

/** An action as Azure's roles name it, with `*`; with a scope it is only denied there and below. */
const denied = z.union([
  z.string().min(1),
  z.strictObject({ action: z.string().min(1), scope: z.string().startsWith('/').optional() }),
]);

export const identitySchema = z.strictObject({
  tenantId: guid.optional(),
  clientId: guid.optional(),
  clientSecret: z.string().min(1).optional(),
  tokenLifetime: duration.prefault('60m'),
  deny: z.array(denied).default([]),
});

/** Another tenant of the same cloud, with a principal of its own, and the subscriptions that belong to it. */
export const tenantSchema = z.strictObject({
  tenantId: guid,
  clientId: guid.optional(),
  clientSecret: z.string().min(1).optional(),
  subscriptions: z.array(guid).default([]),
});

export const lockSchema = z.strictObject({
  scope: z.string().startsWith('/'),
  level: z.enum(['ReadOnly', 'CanNotDelete']),
});

/** Names in the network that apps can look up and reach, for the connectivity checks. */
const hostSchema = z.strictObject({
  addresses: z.array(z.string().min(1)).default([]),
  ports: z.array(z.int().min(1).max(65_535)).default([443]),
});

export const networkSchema = z.strictObject({
  /** Below it lie the names of all apps and their SCM sites. */
  domain: hostName.default('azurewebsites.localhost'),
  /** The name of ARM and of login. */
  management: hostName.default('localhost'),
  /** Source addresses (CIDR) that are inside of the virtual network, besides the inside port. */
  inside: z.array(z.string().min(1)).default([]),
  hosts: z.record(z.string(), hostSchema).default({}),
  ...networkSurroundings,
  /** Whether ARM itself reaches the host of an app without public access: not documented (§11). */
  armReachesPrivate: z.boolean().default(true),
});

/** Azure-like times; the sources are in README.md. */
export const latenciesSchema = z.strictObject({
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
  /** How long a change takes to reach Resource Graph. */
  graph: duration.prefault('0s'),
  /** How long a request takes to be counted by Azure Monitor. */
  metrics: duration.prefault('2m'),
  /** How long an operation's result can be asked for after it ended. */
  operationResults: duration.prefault('24h'),
});

/** A site that is slower than others, or quicker; what is not said here is as the world's. */
export const siteLatenciesSchema = z
  .strictObject({
    deploy: duration,
    hostStart: duration,
    restart: duration,
    swapApply: duration,
    swapRoute: duration,
    swapPost: duration,
  })
  .partial();

const reference = z.union([
  z.enum(referenceStatuses),
  z.strictObject({
    status: z.enum(referenceStatuses),
    /** Becomes Resolved so long after the setting was written. */
    resolvedAfter: duration.optional(),
  }),
]);

const endpointSchema = z.strictObject({
  address: ipAddress,
  /** Only an approved one carries traffic. */
  status: z.enum(['Approved', 'Pending', 'Rejected', 'Disconnected']).default('Approved'),
});
export type PrivateEndpoint = z.output<typeof endpointSchema>;

/** What belongs to one slot's place in the network and its SCM site. */
export const placeSwitches = {
  publicNetworkAccess: z.enum(['Enabled', 'Disabled']).nullable().default('Enabled'),
  /** Its private endpoints, each with an address of its own; a mere address is one that was approved. */
  privateEndpoints: z
    .array(
      z.union([ipAddress, endpointSchema], { error: 'must be an IP address, or a mapping with `address`' }),
    )
    .default([])
    .transform((written) =>
      written.map((one) => (typeof one === 'string' ? endpointSchema.parse({ address: one }) : one)),
    ),
  /** Resource id of the subnet that it is integrated with. */
  subnet: z.string().startsWith('/').optional(),
  ...placeSurroundings,
  /** Whether publishing credentials open the SCM site. */
  basicAuth: z.boolean().default(true),
  /** So many of the first requests to the SCM site find it cold. */
  scmCold: z.int().min(0).default(0),
  /** So many syncs of triggers are refused after each start of the host. */
  triggerSyncRefusals: z.int().min(0).default(0),
  /** The state of Key Vault references, by the setting's name; Resolved where nothing is said. */
  references: z.record(z.string().min(1), reference).default({}),
  connectionStrings: z
    .record(z.string().min(1), z.strictObject({ value: z.string(), type: z.string().default('Custom') }))
    .default({}),
};
