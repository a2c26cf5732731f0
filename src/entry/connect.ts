/** The first half of every command: the config, the clock, and an Azure to talk to. */
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Azure, createAzure } from '../azure/azure.ts';
import { readOnly } from '../azure/read-only.ts';
import type { Transport } from '../azure/transport.ts';
import { createTransport } from '../azure/transport-node.ts';
import { type Clock, systemClock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { tellFileError } from './file-errors.ts';
import type { CommonOptions } from './options.ts';
import type { Outside } from './outside.ts';

export interface Connection {
  readonly azure: Azure;
  readonly transport: Transport;
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
}: ConnectRequest): Promise<Connection> {
  const ca = options.ca === undefined ? undefined : await readAuthorities(options.ca);
  const { send, close } = createTransport({ clock, ca });
  const transport = looksOnly ? readOnly(send) : send;
  for (const name of secretNames) outside.hide(outside.environment[name] ?? '');
  try {
    const azure = await createAzure({
      cloudName: options.cloud ?? cloud ?? 'AzureCloud',
      transport,
      clock,
      environment: outside.environment,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      hide: (secret: string) => outside.hide(secret),
    });
    return { azure, transport, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** What the environment may hold to sign in with (azure/credential-choice.ts). */
const secretNames = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PASSWORD', 'IDENTITY_HEADER'] as const;

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
