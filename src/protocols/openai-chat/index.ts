export { foreignProofsInChat } from './foreign-proofs.ts';
export { openAIChatInbound } from './inbound.ts';
export { openAIChatOutbound } from './outbound.ts';
export { readError as readOpenAIError } from './read-error.ts';
export { readUsage as readOpenAIUsage } from './read-usage.ts';
export { readPassThroughUsage } from './read-pass-through-usage.ts';
