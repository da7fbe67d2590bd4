import { defineCommand } from '../../shell/command.ts';

const common = {
  since: { type: 'string', default: '30d', description: 'How far back: 30d, 24h, or a date' },
  data: { type: 'string', default: '.switchyard', description: 'Data folder or its journal folder' },
  config: { type: 'string', description: 'Configuration whose jobs say what a success is' },
  json: { type: 'boolean', description: 'Answer as JSON' },
} as const;

/** Replays the log at another price. */
export const whatIfPriceCommand = defineCommand({
  description: 'What the logged requests would cost if a model or a vendor charged RATIO times as much',
  args: {
    subject: { type: 'positional', required: true, description: 'Model, or vendor or host with all its models' },
    ratio: { type: 'positional', required: true, description: 'New price over old one, for example 1.5' },
    ...common,
  },
  async run(args, terminal) {
    const { runWhatIfPrice } = await import('../../offline/jobs/what-if.ts');
    return runWhatIfPrice({ ...args, json: args.json === true }, terminal);
  },
});

/** Replays the log without a host. */
export const whatIfLoseCommand = defineCommand({
  description: 'What would become of the logged requests if a host were gone',
  args: {
    host: { type: 'positional', required: true, description: 'Host' },
    room: { type: 'string', description: 'Share of the lost requests that the others have room for, for example 0.6' },
    rpm: { type: 'string', description: 'Requests a minute that other hosts take: beta=600,gamma=1200' },
    ...common,
  },
  async run(args, terminal) {
    const { runWhatIfLose } = await import('../../offline/jobs/what-if.ts');
    return runWhatIfLose({ ...args, json: args.json === true }, terminal);
  },
});
