import { defineCommand } from '../shell/command.ts';

/** Tells the story of the loop on simulated models. */
export const demoCommand = defineCommand({
  description:
    'See the loop on simulated models: request, fact, cost, charge, outcome, a different decision, code that ran',
  args: {},
  async run(_args, terminal) {
    const { runDemo } = await import('../offline/demo.ts');
    return runDemo(terminal);
  },
});
