/** An Azure in this process, behind real HTTPS on compressed time, and the command line as a process against it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { HostRuntime } from '../../src/emulator/host/runtime.ts';
import type { FetchPackage } from '../../src/emulator/platform.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { serve } from '../../src/emulator/serve/serve.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { createPlayedRuntime } from '../storm/played-runtime.ts';

export interface ServeRequest {
  /** Where the authorities' file is written. */
  readonly folder: string;
  readonly world: WorldInput;
  readonly faults?: readonly FaultInput[];
  readonly timeScale: number;
  /** Hears of every request before it is answered. */
  readonly watch?: (request: Request) => void;
  /** In place of the played hosts. */
  readonly runtime?: HostRuntime;
  /** Packages that slots fetch by URL. */
  readonly fetchPackage?: FetchPackage;
}

export interface ServedAzure {
  readonly emulator: Emulator;
  readonly url: string;
  /** The flags that lead a command here. */
  readonly flags: readonly string[];
  /** What it signs in with. */
  readonly environment: Readonly<Record<string, string>>;
  /** What went wrong in the emulator itself; empty unless it has a defect. */
  readonly defects: readonly unknown[];
  close(): Promise<void>;
}

/** Hosts are played: a fleet of a hundred would be two hundred processes, and what is asked here is not about them. */
export async function serveAzure({
  folder,
  world,
  faults = [],
  timeScale,
  watch,
  runtime = createPlayedRuntime(4_000),
  fetchPackage,
}: ServeRequest): Promise<ServedAzure> {
  const anchorMs = Date.now();
  const certificates = await makeCertificates(anchorMs);
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, certificates.ca);
  const defects: unknown[] = [];
  const { url, emulator, close } = await serve({
    certificates,
    create: (origin) => {
      const created = createEmulator({
        origin,
        timeScale,
        clock: systemClock({ scale: timeScale, anchorMs }),
        runtime,
        world,
        faults,
        ...(fetchPackage ? { fetchPackage } : {}),
      });
      const fetch: Emulator['fetch'] = (request, caller) => {
        watch?.(request);
        return created.fetch(request, caller);
      };
      return { ...created, fetch };
    },
    onDefect: (thrown) => defects.push(thrown),
  });
  const { tenantId, clientId, clientSecret } = emulator.identity;
  return {
    emulator,
    url,
    flags: ['--cloud', url, '--ca', ca, '--time-scale', `${timeScale}`, '--anchor', `${anchorMs}`],
    environment: {
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: clientId,
      AZURE_CLIENT_SECRET: clientSecret,
    },
    defects,
    close,
  };
}
