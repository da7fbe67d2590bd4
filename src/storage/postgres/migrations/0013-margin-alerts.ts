/** A price that takes a customer's margin under the floor of its plan is told like other news of prices. */
export const migration = {
  number: 13,
  name: 'margin alerts',
  sql: `
ALTER TABLE price_alert DROP CONSTRAINT price_alert_kind_check;
ALTER TABLE price_alert ADD CONSTRAINT price_alert_kind_check
  CHECK (kind IN ('price_changed', 'price_disputed', 'alias_moved', 'route_removed', 'margin_below_floor'));
CREATE INDEX price_version_by_start ON price_version (valid_from_ms) WHERE position > 0;
`,
};
