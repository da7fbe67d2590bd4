/** How strongly evidence of a kind counts; refined by the learner. */
export const outcomeKinds = ['score', 'pass', 'fail', 'label', 'revenue', 'minutes_saved'] as const;

/** Kind of evidence for the value of an answer. */
export type OutcomeKind = (typeof outcomeKinds)[number];
