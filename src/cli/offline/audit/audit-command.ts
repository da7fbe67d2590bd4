import { defineCommand } from '../../shell/command.ts';

/** Audits logs that people already have. */
export const auditCommand = defineCommand({
  description: 'Read logs you already have and show what was spent, wasted and overpaid; no keys, no network',
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'Logs of LiteLLM, OpenAI, OpenRouter or Langfuse, or a journal folder; several may follow',
    },
    prices: { type: 'string', description: 'Own prices, which go before the shipped ones: YAML, or a catalog file' },
    html: { type: 'string', description: 'Also write the report as one HTML file' },
    json: { type: 'boolean', description: 'Report as JSON' },
  },
  takesMany: true,
  async run(args, terminal) {
    const { runAudit } = await import('./audit.ts');
    const { prices, html } = args;
    return runAudit({ files: args._, prices, html, json: args.json === true }, terminal);
  },
});
