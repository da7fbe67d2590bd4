// @ts-check
// Preloaded into the gateway under test: writes the delay of its event loop to BENCH_LOOP_FILE at each SIGUSR2, anew
// from the last one.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 1;
const delay = monitorEventLoopDelay({ resolution: resolutionMs });
delay.enable();
process.on('SIGUSR2', () => {
  // The monitor's own timer period is part of what it reports.
  const toMs = (/** @type {number} */ nanos) => Math.max(0, nanos / 1e6 - resolutionMs);
  const seen = { p50Ms: toMs(delay.percentile(50)), p99Ms: toMs(delay.percentile(99)), maxMs: toMs(delay.max) };
  delay.reset();
  writeFileSync(process.env['BENCH_LOOP_FILE'] ?? '', JSON.stringify(seen));
});
