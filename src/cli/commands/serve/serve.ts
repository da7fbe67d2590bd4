import type { Product } from '../../../main.ts';
import { holdYoungGeneration } from '../../../platform/young-generation.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { readPort } from '../../shell/read-arguments.ts';
import { type Terminal, writeLine } from '../../shell/terminal.ts';
import { firstSteps } from './first-steps.ts';
import { logDefects } from './log-defects.ts';
import { untilToldToStop } from './until-told-to-stop.ts';

/** Starts the product and keeps it running until it is told to stop. */
export const serveCommand = defineCommand({
  description: 'Start the gateway',
  args: {
    config: { type: 'string', description: 'Configuration file; else switchyard.yaml if there is one' },
    host: { type: 'string', description: 'Address to listen on; else server.host, which is 127.0.0.1' },
    port: { type: 'string', description: 'Port to listen on, 0 for any; else server.port, which is 8787' },
    data: { type: 'string', default: '.switchyard', description: 'Folder of the journal and the owner token' },
  },
  async run(args, terminal) {
    const port = readPort(args.port);
    const releaseYoungGeneration = holdYoungGeneration();
    const { startProduct } = await import('../../../main.ts');
    const { createLogger } = await import('../../../platform/logger.ts');
    logDefects(createLogger('error'));
    const running: { product?: Product } = {};
    // Listens for signals from the start: whoever reads the ready line may stop us at once.
    const toldToStop = untilToldToStop({ environment: terminal.environment, reload: () => running.product?.reload() });
    const product = await startProduct({
      configFile: args.config,
      host: args.host,
      port,
      dataDirectory: args.data,
      environment: terminal.environment,
    });
    releaseYoungGeneration();
    running.product = product;
    announce(product, args, terminal);
    const reason = await toldToStop;
    terminal.complain(`${reason}: draining; again to stop at once\n`);
    await product.drain();
    return exitCodes.ok;
  },
});

/** Only the ready line says "listening on"; scripts wait for it. */
function announce(product: Product, args: { config?: string | undefined; data: string }, terminal: Terminal): void {
  writeLine(terminal, `switchyard is listening on ${product.url}`);
  for (const line of firstSteps(product, { ...args, environment: terminal.environment })) writeLine(terminal, line);
}
