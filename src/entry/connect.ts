/** The first half of every command: the config, the clock, and an Azure to talk to. */
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import { type Azure, createAzure, type Wait } from '../azure/azure.ts';
import { secretsOf } from '../azure/proxy-address.ts';
import { readProxyRules } from '../azure/proxy-environment.ts';
import { readOnly } from '../azure/read-only.ts';
import { findSecrets } from '../azure/tenant-credential.ts';
import type { Transport } from '../azure/transport.ts';
import { createTransport } from '../azure/transport-node.ts';
import { veiled } from '../azure/veiled.ts';
import { type Clock, systemClock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { neutralise } from '../report/neutralise.ts';
import { tellFileError } from './file-errors.ts';
import type { CommonOptions } from './options.ts';
import type { Outside } from './outside.ts';
import { hideValue, redactSaid } from './secrets.ts';

export interface Connection {
  readonly azure: Azure;
  readonly transport: Transport;
  /** What the transport trusts, for a proxy that is spoken to by TLS. */
  readonly secureContext: SecureContext | undefined;
  /** Who hears from now on of the waits that Azure's limits ask for; until then standard error does. */
  listen(listener: (wait: Wait) => void): void;
  close(): void;
}

export interface ConnectRequest {
  readonly options: CommonOptions;
  readonly outside: Outside;
  readonly clock: Clock;
  /** Where the cloud is not given on the command line. */
  readonly cloud?: string | undefined;
  /** Law 8: a command that only looks gets a transport that cannot write. */
  readonly looksOnly: boolean;
  /** Aborted when somebody asks to stop: requests that wait for their turn are not sent any more. */
  readonly stop?: AbortSignal | undefined;
}

export function openClock({ timeScale, anchor }: Pick<CommonOptions, 'timeScale' | 'anchor'>): Clock {
  return systemClock({
    ...(timeScale === undefined ? {} : { scale: timeScale }),
    ...(anchor === undefined ? {} : { anchorMs: anchor }),
  });
}

export async function connect({
  options,
  outside,
  clock,
  cloud,
  looksOnly,
  stop,
}: ConnectRequest): Promise<Connection> {
  const ca = options.ca === undefined ? undefined : await readAuthorities(options.ca);
  const { send, secureContext, close } = createTransport({ clock, ca, environment: outside.environment });
  const transport = looksOnly ? readOnly(send) : send;
  const { hide } = outside;
  for (const secret of findSecrets(outside.environment)) hide(secret);
  for (const { written } of [readProxyRules(outside.environment)])
    for (const secret of written.flatMap(secretsOf)) hide(secret);
  let listener = ({ what }: Wait) => outside.writeError(`Waiting: ${neutralise(redactSaid(what))}\n`);
  try {
    const azure = await createAzure({
      cloudName: options.cloud ?? cloud ?? 'AzureCloud',
      transport: veiled(transport, { hide, hideValue, redact: redactSaid }),
      clock,
      environment: outside.environment,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      hide,
      homeOnly: options.homeOnly,
      onSignIn: (line) => outside.writeError(`Azure: ${neutralise(line)}.\n`),
      onWait: (wait) => listener(wait),
      stop,
    });
    const listen = (other: (wait: Wait) => void) => {
      listener = other;
    };
    return { azure, transport, secureContext, listen, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function readAuthorities(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError(`The file with certificate authorities cannot be read: ${tellFileError(error)}`, {
      code: 'ca-unreadable',
      where: file,
      next: '--ca takes a PEM file.',
      cause: error,
    });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new InputError('The file with certificate authorities holds no certificate.', {
    code: 'ca-unreadable',
    where: file,
    next: '--ca takes a PEM file: one or more blocks that begin with -----BEGIN CERTIFICATE-----',
  });
}
