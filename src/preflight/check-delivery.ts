/** Rules about how a package comes to its slot (azure-platform.md §2). */
import type { TargetFacts } from '../plan/fleet.ts';
import type { PreflightRequest, Said } from './finding.ts';

export function checkRemoteBuild({ operatingSystem }: TargetFacts, { delivery }: PreflightRequest): Said {
  if (!delivery?.remoteBuild || operatingSystem !== 'windows') return null;
  return {
    found: 'delivery.remoteBuild is asked for, and the app runs on Windows.',
    fix: 'Build before packing (npm ci, dotnet publish), and take delivery.remoteBuild out of the config.',
  };
}
