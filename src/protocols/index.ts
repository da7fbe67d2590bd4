export * from './contract.ts';
export * from './shared/collect-completion.ts';
