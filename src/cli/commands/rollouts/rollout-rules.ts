import type { RolloutInput } from '../../../sdk/index.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readUsd } from '../../shell/read-money.ts';

/** How cautious a rollout is, for every command that starts one. */
export const ruleArguments = {
  grader: {
    type: 'string',
    description: 'Address of a grader of yours: it grades items that expect http, and copies',
  },
  judge: {
    type: 'string',
    description: 'Model that judges copies against the answers that left; it may end a rollout',
  },
  criterion: { type: 'string', description: 'What --judge finds better; else which answer helps more' },
  shadow: { type: 'string', description: 'Copies of live requests that must come back; else 20, 0 for none' },
  'shadow-usd': { type: 'string', description: 'Most that copies may cost; else 1' },
  'min-requests': { type: 'string', description: 'Answers that each step of the canary needs; else 30' },
  'step-seconds': { type: 'string', description: 'Shortest time of each step; else 30' },
} as const;

/** What was given of them; the rest is as usual. */
export function rulesOf(args: { readonly [Rule in keyof typeof ruleArguments]?: string | undefined }): Pick<
  RolloutInput,
  'shadow' | 'minRequests' | 'minStepMs'
> {
  const count = (name: 'shadow' | 'min-requests' | 'step-seconds'): number | undefined => {
    const given = args[name];
    if (given === undefined || given === '0') return given === undefined ? undefined : 0;
    return readCount(name, given);
  };
  const stepSeconds = count('step-seconds');
  const maxNanos = args['shadow-usd'] === undefined ? undefined : readUsd('shadow-usd', args['shadow-usd']);
  const { criterion = 'Which answer is right and helps more with what was asked.' } = args;
  const judge = args.judge === undefined ? undefined : { model: args.judge, criterion };
  return {
    shadow: { minPairs: count('shadow'), maxNanos, graderUrl: args.grader, judge },
    minRequests: count('min-requests'),
    minStepMs: stepSeconds === undefined ? undefined : 1000 * stepSeconds,
  };
}
