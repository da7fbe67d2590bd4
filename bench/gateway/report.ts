import type { GatewayResult } from './gateway-result.ts';
import type { MemoryMeasured } from './measure-gateway.ts';
import type { Cell } from './measure-throughput.ts';

/** The result as Markdown, ready for the document of benchmarks. */
export function describeResult(result: GatewayResult): string {
  const { surroundings: where, disk, idle, loop } = result;
  const placed = where.pinned ? 'servers on one core, load and upstream on the other' : 'processes not pinned';
  return [
    `${where.startedAt}, ${where.processor}, ${where.cores} cores, ${where.memoryGibibytes} GiB, ${where.system}, ` +
      `Node ${where.node}; ${placed}; load average ${where.loadBefore} before, ${where.loadAfter} after. ` +
      `Write and fdatasync of 2 KiB: p50 ${disk.writeAndSyncP50Ms} ms, p99 ${disk.writeAndSyncP99Ms} ms.`,
    describeGoals(result),
    describeCells(result.cells),
    describeStreams(result),
    describeMemory('Requests', result.requestMemory),
    describeMemory('Aborted streams', result.abortMemory),
    `Idle: ${idle.rssMebibytes} MiB RSS, ${idle.cpuPercent} % CPU. Event loop delay at ${loop.requestsPerSecond} ` +
      `requests/s: p50 ${loop.p50Ms} ms, p99 ${loop.p99Ms} ms, max ${loop.maxMs} ms. ` +
      `\`npm start\` to first answer: ${result.startSeconds ?? 'not measured,'} s.`,
  ].join('\n\n');
}

function describeGoals({ goals }: GatewayResult): string {
  const verdict = { true: 'yes', false: '**no**', undefined: 'not measured' };
  const rows = goals.map(({ name, goal, measured, reached }) => [
    name,
    goal,
    String(measured ?? ''),
    verdict[`${reached}`],
  ]);
  return table(['goal', 'wanted', 'measured (median)', 'reached'], rows);
}

function describeCells(cells: readonly Cell[]): string {
  const rows = cells.flatMap(({ workload, connections, systems }) =>
    Object.entries(systems).map(([name, one]) => [
      `${workload} c=${connections}`,
      name,
      `${one.requestsPerSecond}`,
      `${one.p50Ms}`,
      `${one.p99Ms}`,
      `${one.firstByteP50Ms}`,
      `${Math.round(one.cpuMicrosPerRequest)}`,
      `${one.rssMebibytes}`,
      share(one.requestsPerSecond, systems.raw?.requestsPerSecond),
      share(one.requestsPerSecond, systems.portkey?.requestsPerSecond),
      `${one.errors}`,
    ]),
  );
  const heads = ['workload', 'system', 'req/s', 'p50 ms', 'p99 ms', 'first byte p50 ms', 'CPU µs/req', 'RSS MiB'];
  return table([...heads, 'of raw', 'of Portkey', 'errors'], rows);
}

function describeStreams({ streams }: GatewayResult): string {
  const rows = streams.map((one) => [
    one.name,
    `${one.chunks}`,
    `${one.delayP50Ms}`,
    `${one.delayP99Ms}`,
    `${one.addedDelayP99Ms}`,
    `${one.peakRssMebibytes}`,
    `${one.errors}`,
  ]);
  const heads = ['paced streams', 'chunks', 'delay p50 ms', 'delay p99 ms', 'added p99 ms', 'peak RSS MiB', 'errors'];
  return table(heads, rows);
}

function describeMemory(what: string, memory: MemoryMeasured): string {
  const { portions, perPortion, rssMebibytes, growthMebibytes, errors } = memory;
  return (
    `${what}: ${portions} portions of ${perPortion}, RSS after each ${rssMebibytes.join(', ')} MiB ` +
    `(growth from the second to the last ${growthMebibytes} MiB, ${errors} errors).`
  );
}

function share(part: number, whole: number | undefined): string {
  return whole === undefined || whole === 0 ? '' : (part / whole).toFixed(2);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
