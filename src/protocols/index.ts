export * from './contract.ts';
export * from './shared/collect-completion.ts';
export * from './json-splice/index.ts';
export * from './openai-responses/index.ts';
export * from './gemini/index.ts';
export * from './anthropic-messages/index.ts';
export * from './shared/unwrap-schema-tool.ts';
