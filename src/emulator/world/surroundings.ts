/** The parts of the world file that stand around an app: networks, zones, storage accounts, identities. */
import * as z from 'zod';
import { guid, ipAddress } from './fields.ts';

const name = z.string().min(1);

const subnetSchema = z.strictObject({
  name,
  prefix: z.string().regex(/^\d+\.\d+\.\d+\.\d+\/\d+$/, 'must be an IPv4 prefix such as 10.1.0.0/26'),
  /** The service that it is delegated to; null: none. */
  delegation: name.nullable().default('Microsoft.Web/serverFarms'),
  securityGroup: name.optional(),
  routeTable: name.optional(),
  natGateway: name.optional(),
  serviceEndpoints: z.array(name).default([]),
});

const vnetSchema = z.strictObject({
  name,
  region: name,
  subscription: guid.optional(),
  resourceGroup: name.optional(),
  subnets: z.array(subnetSchema).default([]),
});

const zoneSchema = z.strictObject({
  name: z.string().regex(/^privatelink\./, 'must begin with privatelink.'),
  resourceGroup: name.optional(),
  /** A records by their names in the zone: `orders-weu.scm`. */
  records: z.record(z.string().min(1), z.union([ipAddress, z.array(ipAddress)])).default({}),
});

export const networkSurroundings = {
  vnets: z.array(vnetSchema).default([]),
  /** Every approved private endpoint keeps its records in these. */
  privateDnsZones: z.array(zoneSchema).default([]),
};

export const storageAccountSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9]{3,24}$/, 'must be 3 to 24 small letters and digits'),
  resourceGroup: name.optional(),
  region: name.default('westeurope'),
  publicNetworkAccess: z.enum(['Enabled', 'Disabled']).default('Enabled'),
  /** What befalls a caller that no network rule names. */
  defaultAction: z.enum(['Allow', 'Deny']).default('Allow'),
  sharedKeyAccess: z.boolean().default(true),
});

export const placeSurroundings = {
  /** Managed identities of the slot: its own, and the names of those that are assigned to it. */
  identity: z
    .strictObject({ system: z.boolean().default(false), user: z.array(name).default([]) })
    .default({ system: false, user: [] }),
  /** Names of relays. */
  hybridConnections: z.array(name).default([]),
};

export const planSurroundings = {
  /** Machines that it has now. */
  capacity: z.int().min(1).default(1),
  /** How far an Elastic Premium plan grows by itself. */
  maximumElasticWorkerCount: z.int().min(1).default(20),
};
