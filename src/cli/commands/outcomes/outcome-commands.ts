import type { OutcomeInput } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { jsonArgument, writeObject } from '../../shell/write-answer.ts';

/**
 * Tells what an answer was worth.
 *
 * @example
 * switchyard outcomes post req_0123456789abcdef0123456789abcdef --value 1
 */
export const outcomesPostCommand = defineCommand({
  description: 'Tell what an answer was worth, or take that back',
  args: {
    request: { type: 'positional', required: true, description: 'Id of the request' },
    kind: { type: 'string', description: 'test, score, pass, fail, label, thumb … or a word of yours' },
    value: { type: 'string', description: '0 is worthless, 1 is right' },
    label: { type: 'string', description: 'A category in place of a value' },
    source: { type: 'string', description: 'Who says so; else cli' },
    retracts: { type: 'string', description: 'Id of an outcome of the request that is taken back' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const { request: requestId, kind, value, label, source = 'cli', retracts } = args;
    const outcome: OutcomeInput = {
      requestId,
      source,
      ...(kind !== undefined && { kind }),
      ...(value !== undefined && { value: Number(value) }),
      ...(label !== undefined && { label }),
      ...(retracts !== undefined && { retracts }),
    };
    writeObject(terminal, await connect(args, terminal).outcomes.post(outcome), args.json);
    return exitCodes.ok;
  },
});
