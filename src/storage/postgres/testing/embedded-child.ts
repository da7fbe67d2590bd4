import { createLogger } from '../../../platform/logger.ts';
import { startEmbeddedServer } from '../embedded/embedded-server.ts';

// A gateway to be killed: starts the server of a folder, says its pid, waits for its end.
const [folder = ''] = process.argv.slice(2);
const server = await startEmbeddedServer({ folder, logger: createLogger('silent'), ballast: false });
process.stdout.write(`${server.pid()}\n`);
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
setInterval(() => undefined, 60_000);
