/** A lab whose test was killed: says who holds the networks, and what sleeps inside of them; then waits to be killed. */
import { spawn } from 'node:child_process';
import { openNetworks } from './namespaces.ts';

const networks = await openNetworks();
await networks.build('ip netns add left');
const [command, ...words] = networks.within(['sleep', '987654'], { network: 'left' });
const sleeper = spawn(command, words, { stdio: 'ignore' });
process.stdout.write(`${sleeper.pid}\n`);
setInterval(() => {}, 1_000);
