/** Machines that answer where an app should: with another's certificate, with one that nobody vouches for, or not at all. */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { createServer as createSilence } from 'node:net';

/** Words: `<address>=<where its certificate and key lie>`; an address alone takes connections and says nothing. */
const words = process.argv.slice(2);
const opened = words.map((word) => {
  const [address, file = ''] = word.split('=');
  const pem =
    file === '' ? null : { cert: readFileSync(`${file}-cert.pem`), key: readFileSync(`${file}-key.pem`) };
  const server = pem === null ? createSilence() : createServer(pem);
  // All but one are polite, to whoever believes them.
  if (!file.endsWith('mute'))
    server.on('request', (_: unknown, answer: ServerResponse) => answer.end('Welcome to the intranet'));
  return new Promise<void>((resolve) => server.listen(443, address, resolve));
});
await Promise.all(opened);
process.stdout.write('strangers are there\n');
