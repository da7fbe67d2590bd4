export { describe, run, type RuntimeResult } from './runtime/main.ts';
