/** `POST api/command`: the two tools with which people look at the network from inside an app (azure-platform.md §5.3). */
import { json } from '../arm/answer.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import { addressesOf, isOpen } from '../network/outbound.ts';
import type { Platform } from '../platform.ts';
import type { ScmCall } from './router.ts';

interface Run {
  readonly Output: string;
  readonly Error: string;
  readonly ExitCode: number;
}

/** Azure's own resolver, the same in every virtual network. */
const resolver = '168.63.129.16';
const attempts = 4;
const attemptTimeoutMs = 10_000;

/** Nothing is run: two commands are known, all others are unknown to this machine. */
export async function runCommand({ platform, slot, incoming }: ScmCall): Promise<Response> {
  const command = fieldOf(await takeJson(incoming), 'command');
  if (typeof command !== 'string' || command.trim() === '')
    return json(400, { Message: "Request body must contain 'command'" });
  const [program = '', ...words] = command.trim().split(/\s+/);
  const [subject = ''] = words;
  const tool = program.toLowerCase().replace(/\.exe$/, '');
  // They are Windows programs; on Linux only tcpping is there.
  if (tool === 'tcpping' && subject !== '') return json(200, await ping(platform, subject));
  if (tool === 'nameresolver' && subject !== '' && slot.site.os === 'windows')
    return json(200, resolve(platform, subject));
  const unknown =
    slot.site.os === 'windows'
      ? `'${program}' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n`
      : `/bin/sh: 1: ${program}: not found\n`;
  return json(200, {
    Output: '',
    Error: unknown,
    ExitCode: slot.site.os === 'windows' ? 1 : 127,
  } satisfies Run);
}

function resolve(platform: Platform, name: string): Run {
  const addresses = addressesOf(platform, name);
  if (addresses.length === 0)
    return {
      Output: `Server: ${resolver}\r\n\r\n`,
      Error: `*** ${resolver} can't find ${name}\r\n`,
      ExitCode: 1,
    };
  const listed = addresses.map((address) => `\t${address}\r\n`).join('');
  return {
    Output: `Server: ${resolver}\r\n\r\nName: ${name}\r\nAddresses: \r\n${listed}`,
    Error: '',
    ExitCode: 0,
  };
}

async function ping(platform: Platform, subject: string): Promise<Run> {
  const [host = '', written = '80'] = subject.split(':');
  const port = Number(written);
  const [address] = addressesOf(platform, host);
  if (address === undefined) {
    return { Output: '', Error: `Could not resolve the host name: ${host}\r\n`, ExitCode: 1 };
  }
  const isReached = isOpen(platform, host, port);
  if (!isReached) await platform.sleep(attempts * attemptTimeoutMs);
  const line = isReached
    ? `Connected to ${host}:${port}, time taken: 15ms\r\n`
    : 'Connection attempt failed: Connection timed out.\r\n';
  const done = isReached ? attempts : 0;
  const share = `${(done / attempts) * 100}%`;
  const average = isReached ? ' Average success time: 15ms' : '';
  const Output = `${line.repeat(attempts)}Complete: ${done}/${attempts} successful attempts (${share}).${average}\r\n`;
  return { Output, Error: '', ExitCode: isReached ? 0 : 1 };
}
