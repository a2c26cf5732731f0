#!/usr/bin/env node
// The door's sill: the version is answered before anything heavy is loaded, everything else is loaded then.
import { readVersion } from './version.ts';

const [first, ...others] = process.argv.slice(2);
if (others.length === 0 && (first === '--version' || first === '-V')) {
  process.stdout.write(`${readVersion()}\n`);
} else {
  const { enter } = await import('./enter.ts');
  await enter(process.argv.slice(2), import.meta.url);
}
