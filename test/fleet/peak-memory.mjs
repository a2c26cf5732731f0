// Loaded into the command line's process (--import): writes down, at its very end, the most memory it ever had.
// VmHWM counts this program alone; getrusage would count what its parent had when it was forked, too.
import { readFileSync, writeFileSync } from 'node:fs';

process.on('exit', () => {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  writeFileSync(process.env['PEAK_MEMORY_FILE'], `${Number(line[1]) * 1024}`);
});
