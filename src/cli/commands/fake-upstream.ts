import { exitCodes } from '../shell/cli-error.ts';
import { defineCommand } from '../shell/command.ts';
import { readPort } from '../shell/read-arguments.ts';

const defaultPort = '9101';

/** Runs the scriptable upstream by hand. */
export const fakeUpstreamCommand = defineCommand({
  description: 'Run a scriptable upstream that speaks every dialect, to try faults by hand',
  args: {
    host: { type: 'string', default: '127.0.0.1', description: 'Address to listen on' },
    port: { type: 'string', default: defaultPort, description: 'Port to listen on, 0 for any' },
  },
  async run(args, terminal) {
    const { runFakeUpstream } = await import('../offline/fake-upstream.ts');
    await runFakeUpstream({ host: args.host, port: readPort(args.port) ?? Number(defaultPort) }, terminal);
    return exitCodes.ok;
  },
});
