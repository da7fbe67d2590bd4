import { parentPort, workerData } from 'node:worker_threads';
import { JournalCursor, type JournalPosition } from '../../../journal/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { openDatabase } from '../../../storage/index.ts';
import { watchSums } from '../../rebuild/sums-watch.ts';
import { createProjectorPorts } from '../projector-ports.ts';
import { Projector } from '../projector.ts';
import { runProjector } from './projector-loop.ts';
import type { ProjectorMessage, ProjectorOrder, ProjectorSetup } from './projector-protocol.ts';

const setup: ProjectorSetup = workerData;
const stop = new AbortController();
let until: JournalPosition | undefined = setup.isLive ? { segment: 0, offset: 0 } : undefined;

function tell(message: ProjectorMessage): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (order: ProjectorOrder) => {
  if (order.kind === 'stop') stop.abort();
  else ({ until } = order);
});

async function main(): Promise<void> {
  const { directory, gatewayId, databaseUrl } = setup;
  const database = await openDatabase({
    url: databaseUrl,
    clock: systemClock,
    logger: silentLogger,
    poolSize: 2,
    migrations: [],
  });
  const watch = watchSums({
    database,
    directory,
    everyMs: setup.checkEveryMs,
    tell: ({ problems }) => tell({ kind: 'sums', problems }),
    failed: (error) => tell({ kind: 'unchecked', reason: String(error) }),
  });
  try {
    const cursor = new JournalCursor(directory, gatewayId);
    const alarm = (raised: Extract<ProjectorMessage, { kind: 'alarm' }>['alarm']): void =>
      tell({ kind: 'alarm', alarm: raised });
    const projector = new Projector(database.db, { gatewayId }, createProjectorPorts(database, alarm));
    await runProjector(projector, {
      gatewayId,
      read: (from, maxBytes) => cursor.read(from, { until, maxBytes }),
      until: () => until,
      clock: systemClock,
      alarm,
      report: (progress) => tell({ kind: 'progress', progress }),
      signal: stop.signal,
    });
  } finally {
    await watch.stop();
    await database.close();
  }
}

try {
  await main();
  tell({ kind: 'ended', reason: 'it was told to stop' });
} catch (error) {
  tell({ kind: 'ended', reason: error instanceof Error ? error.message : String(error) });
} finally {
  parentPort?.close();
}
