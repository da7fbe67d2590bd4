/** Messages that may have arrived although nobody said so: such use is never billed a second time by itself. */
export const migration = {
  number: 21,
  name: 'unsure deliveries',
  sql: `
ALTER TABLE outbox ADD COLUMN is_unsure boolean NOT NULL DEFAULT false;
UPDATE outbox SET is_unsure = true WHERE state = 'pending' AND attempts > 0;
`,
};
