/** The kinds of values that world and faults files are made of. */
import { isIP } from 'node:net';
import * as z from 'zod';
import { readDurationMs } from '../duration.ts';

/** A length of time; a number counts milliseconds. */
export const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = readDurationMs(value);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: `"${value}" is not a duration; write 250ms, 30s, 5m or 1h` });
  return z.NEVER;
});

export const guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a GUID');

export const ipAddress = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address');

export const hostName = z
  .string()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be a host name in lower case')
  .refine((text) => isIP(text) === 0, 'must be a host name, not an address');

export const siteName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$/i, 'must be 1 to 60 letters, digits and inner hyphens');

export const slotName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,57}[a-z0-9])?$/i, 'must be 1 to 59 letters, digits and inner hyphens')
  .refine(
    (name) => name.toLowerCase() !== 'production',
    'production is the site itself, not one of its slots',
  );

/** ARM words its 429 in one of these ways (azure-platform.md §6). */
export const throttleCodes = [
  'TooManyRequests',
  'OperationNotAllowed',
  'SubscriptionRequestsThrottled',
] as const;
export type ThrottleCode = (typeof throttleCodes)[number];

/** What a Key Vault reference can be (azure-platform.md §4.2). */
export const referenceStatuses = [
  'Initialized',
  'Resolved',
  'InvalidSyntax',
  'MSINotEnabled',
  'VaultNotFound',
  'SecretNotFound',
  'SecretVersionNotFound',
  'AccessToKeyVaultDenied',
  'OtherReasons',
  'FetchTimedOut',
  'UnauthorizedClient',
] as const;
export type ReferenceStatus = (typeof referenceStatuses)[number];
