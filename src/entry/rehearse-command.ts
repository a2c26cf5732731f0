import { join, resolve } from 'node:path';
import { plainPush } from '../azure/delivery.ts';
import type { ConfigDelivery } from '../config/config.ts';
import { findEnvNames } from '../config/env-text.ts';
import type { Config } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { packRelease } from '../release/pack.ts';
import { openClock } from './connect.ts';
import { deploy } from './deploy-command.ts';
import { type EmulatorFacts, startEmulator } from './emulator-process.ts';
import type { RehearseOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { inScratchFolder } from './package-command.ts';
import { readConfig } from './read-config.ts';
import { listenForStop } from './signals.ts';
import { findUnseenDelays } from './slow-faults.ts';
import { whilePacking } from './tell-packing.ts';
import { untilStopped } from './until-stopped.ts';
import { demandFile, writeWorld } from './world.ts';

/** A bake of ten minutes passes in ten seconds; apps still start in real time. */
const usualTimeScale = 60;

/** `slotwave rehearse`: the whole deployment, with nothing replaced but the address of Azure. */
export async function commandRehearse(options: RehearseOptions): Promise<number> {
  const config = await readConfig(options, openOutside(options));
  const delivery = pushInstead(config, openOutside(options));
  if (options.world !== undefined) await demandFile('--world', options.world);
  if (options.faults !== undefined) await warnOfUnseenDelays(options.faults, options, config);
  const { signal, dispose } = listenForStop();
  const stop = { signal, again: 'slotwave rehearse' };
  try {
    return await inScratchFolder(async (scratch) => {
      const world =
        options.world ??
        (await untilStopped(stop, () => makeWorld(config, scratch, signal, openOutside(options))));
      const wanted = {
        world: resolve(world),
        ...(options.faults === undefined ? {} : { faults: resolve(options.faults) }),
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        ...(options.anchor === undefined ? {} : { anchor: options.anchor }),
        port: 0,
        timeScale: options.timeScale ?? usualTimeScale,
        verbose: options.verbose ?? false,
      };
      const emulator = await untilStopped(stop, () => startEmulator(wanted));
      try {
        const rehearsal = pointAt(options, emulator.facts);
        const own = openOutside(options);
        const environment = { ...pickNamed(config, own.environment), ...identityOf(emulator.facts) };
        const outside = { ...own, environment };
        const clock = openClock(rehearsal);
        return await deploy({
          planFile: undefined,
          options: rehearsal,
          outside,
          clock,
          stop,
          delivery,
          rehearsal: true,
        });
      } finally {
        await emulator.stop();
      }
    });
  } finally {
    dispose();
  }
}

async function warnOfUnseenDelays(file: string, options: RehearseOptions, { probes }: Config): Promise<void> {
  const text = await demandFile('--faults', file);
  const timeScale = options.timeScale ?? usualTimeScale;
  const told = findUnseenDelays({ text, timeScale, probeTimeoutMs: probes.timeoutMs });
  for (const line of told) openOutside(options).writeError(`Warning: ${line}\n`);
}

/** The emulator has no storage account and builds nothing, and a rehearsal touches nothing that is real. */
function pushInstead({ delivery, file }: Config, outside: Outside): ConfigDelivery {
  if (delivery.mode === 'url') {
    throw new InputError('A package that lies at an address cannot be rehearsed from there.', {
      code: 'rehearsal-not-possible',
      where: file,
      next: 'Rehearse with a config in which package names the folder, and without delivery.',
    });
  }
  if (delivery.mode === 'pull' || delivery.remoteBuild)
    outside.writeError('In a rehearsal the package is pushed as it is: no store, no remote build.\n');
  return plainPush;
}

async function makeWorld(
  config: Config,
  scratch: string,
  signal: AbortSignal,
  outside: Outside,
): Promise<string> {
  const outPath = join(scratch, 'package.zip');
  const pkg = await whilePacking(outside, (onProgress) =>
    packRelease(config.packagePath, { outPath, signal, onProgress }),
  );
  return writeWorld(config, pkg, scratch);
}

/** A rehearsal's state is kept apart: its rollouts are not the fleet's. */
function pointAt(options: RehearseOptions, { url, ca, timeScale, anchorMs }: EmulatorFacts): RehearseOptions {
  const state = join(options.state, 'rehearsal');
  return { ...options, cloud: url, ca, timeScale, anchor: anchorMs, state, homeOnly: true };
}

/** What the checks of the config name, and nothing else: a rehearsal's app has checks that want their keys, too. */
function pickNamed({ probes }: Config, environment: Outside['environment']): Outside['environment'] {
  const texts = probes.checks.flatMap(({ headers, body = '' }) => [...Object.values(headers), body]);
  return Object.fromEntries(texts.flatMap(findEnvNames).map((name) => [name, environment[name]]));
}

/** Nothing of the real environment's identity reaches the rehearsal. */
function identityOf({ tenantId, clientId, clientSecret }: EmulatorFacts): Readonly<Record<string, string>> {
  return { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret };
}
