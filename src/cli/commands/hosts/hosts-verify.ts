import { defineCommand } from '../../shell/command.ts';

/** Asks a host what it can do. */
export const hostsVerifyCommand = defineCommand({
  description: 'Ask a host about a dozen cheap questions and report what works; costs a few hundred tokens',
  args: {
    host: {
      type: 'positional',
      required: true,
      description: 'Host, as configured or as `switchyard hosts list` names it',
    },
    model: {
      type: 'string',
      description: "Model in the host's own words; else the first that is configured or listed",
    },
    embeddings: { type: 'string', description: 'Embedding model to try as well' },
    'bad-key': { type: 'boolean', description: 'Try a wrong key as well' },
    config: { type: 'string', description: 'Configuration file; else switchyard.yaml if there is one' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const { runHostsVerify } = await import('../../offline/hosts/hosts-verify.ts');
    const { host, model, embeddings, config } = args;
    const options = { badKey: args['bad-key'] === true, embeddingsModel: embeddings, json: args.json === true };
    return runHostsVerify({ host, model, config, ...options }, terminal);
  },
});
