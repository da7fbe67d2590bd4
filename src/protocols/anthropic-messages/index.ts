export * from './claude-traits.ts';
export * from './event-reader.ts';
export { foreignProofsInMessages } from './foreign-signature.ts';
export * from './inbound.ts';
export * from './outbound.ts';
export * from './read-error.ts';
export { readAnthropicUsage } from './read-usage.ts';
