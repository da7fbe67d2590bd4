/** Every gateway asks every second which rollouts changed: what ended long ago is not looked through for it. */
export const migration = {
  number: 23,
  name: 'rollout changes',
  sql: 'CREATE INDEX rollout_by_change ON rollout (changed_at_ms);',
};
