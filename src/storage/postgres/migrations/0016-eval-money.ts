/** Money of an evaluation that is set aside for calls that run. */
export const migration = {
  number: 16,
  name: 'eval-money',
  sql: `
ALTER TABLE eval_run ADD COLUMN reserved_nanos bigint NOT NULL DEFAULT 0;
`,
};
