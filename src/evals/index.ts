export { type CodeResult, type CodeRunner, type CodeTask } from './graders/code.ts';
export { type AnsweredCall, type Expectation, type Grade, type GradedAnswer, type Grader } from './graders/grader.ts';
export { createGraders, type Graders, gradersFor, type GraderParts } from './graders/graders.ts';
export { type GraderCaller } from './graders/http.ts';
export { createJudgeGrader } from './graders/judge.ts';
export { judgeHealth, type JudgeHealth } from './judge/judge-health.ts';
export { type Judge, judgePair, type PairVerdict } from './judge/judge-pair.ts';
