export { describe, type MoneyResult, run } from './money/main.ts';
