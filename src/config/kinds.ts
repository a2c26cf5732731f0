/** The kinds of values in slotwave.yml. The text of an `error` completes the phrase "expected …". */
import * as z from 'zod';
import { durationPattern } from './duration.ts';

export const expectedQuoted = 'a text in quotes';
export const expectedDuration = 'a duration with its unit, such as 250ms, 90s, 10m or 1h30m';
const expectedName = 'a name of letters, digits, ".", "_" and "-", at most 64 characters';
export const expectedResourceId =
  '/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Web/sites/<site>';
export const expectedGuid = 'a GUID, such as 72f988bf-0000-4000-8000-2d7cd011db47';
export const expectedCloud =
  'AzureCloud, AzureChinaCloud, AzureUSGovernment, or the https URL of an ARM endpoint';

export const guidPattern = /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;
export const cloudPattern = /^(?:AzureCloud|AzureChinaCloud|AzureUSGovernment|https:\/\/[^/\s?#@]+\/?)$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The parts of a resource id, for those who are asked for them one by one. */
export const resourceGroupPattern = /^[^/\s]{1,90}$/;
export const siteNamePattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,59}$/;
export const resourceIdPattern =
  /^\/[Ss]ubscriptions\/([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\/[Rr]esource[Gg]roups\/([^/\s]{1,90})\/[Pp]roviders\/[Mm]icrosoft\.[Ww]eb\/[Ss]ites\/([A-Za-z0-9][A-Za-z0-9-]{0,59})\/?$/;

export const duration = () =>
  z.string({ error: expectedDuration }).regex(durationPattern, { error: expectedDuration });
export const name = () => z.string({ error: expectedName }).regex(namePattern, { error: expectedName });
export const text = () => z.string().min(1, { error: 'a text that is not empty' });
export const words = () =>
  z.record(text(), z.string({ error: expectedQuoted }), { error: 'a mapping of names to texts' });
export const limit = (min: number, max: number) =>
  z
    .int({ error: wholeNumber(min, max) })
    .min(min, { error: wholeNumber(min, max) })
    .max(max, { error: wholeNumber(min, max) });

function wholeNumber(min: number, max: number): string {
  return `a whole number from ${min} to ${max}`;
}
