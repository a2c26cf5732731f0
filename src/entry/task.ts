// The sill of the Azure Pipelines task: it says that it is there before anything heavy is loaded.
import { readVersion } from './version.ts';

process.stdout.write(`slotwave ${readVersion()}\n`);
const { enterTask } = await import('./azure-pipelines.ts');
await enterTask();
