// Loaded into a process (--import): writes down at its end what it cost, and for how long its loop answered nobody.
// The loop is watched from the first request on: before it there is nothing that could wait.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** What a timer of one millisecond is late anyway. */
const resolution = 1;
const delays = monitorEventLoopDelay({ resolution });
const first = 'http.client.request.start';
let beganMs = 0;
let longestTurnMs = 0;
const begin = () => {
  unsubscribe(first, begin);
  beganMs = performance.now();
  delays.enable();
  // How late a timer is depends on who else wants the processor; how much was computed in between does not.
  let before = cpuMs(process.threadCpuUsage());
  setInterval(() => {
    const now = cpuMs(process.threadCpuUsage());
    longestTurnMs = Math.max(longestTurnMs, now - before);
    globalThis.onLongTurn?.(now - before);
    before = now;
  }, 2 * resolution).unref();
};
subscribe(first, begin);

process.on('exit', () => {
  delays.disable();
  const hwm = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const lateMs = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution);
  writeFileSync(
    process.env['WATCHED_FILE'],
    JSON.stringify({
      cpuMs: cpuMs(process.cpuUsage()),
      peakMiB: Number(hwm[1]) / 1024,
      latestMs: lateMs(delays.max),
      mostlyMs: lateMs(delays.percentile(99.9)),
      longestTurnMs,
      tookMs: performance.now() - beganMs,
    }),
  );
});

function cpuMs({ user, system }) {
  return (user + system) / 1000;
}
