// The sill of the GitHub Action: it says that it is there before anything heavy is loaded.
import { readVersion } from './version.ts';

process.stdout.write(`slotwave ${readVersion()}\n`);
const { enterAction } = await import('./github.ts');
await enterAction();
