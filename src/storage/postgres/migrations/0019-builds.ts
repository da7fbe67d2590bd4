/** Builds: apps that were wished for in words. */
export const migration = {
  number: 19,
  name: 'builds',
  sql: `
CREATE TABLE build (
  build_id text PRIMARY KEY,
  customer text,
  started_at_ms bigint NOT NULL,
  record jsonb NOT NULL
);
CREATE INDEX build_started ON build (started_at_ms DESC, build_id DESC);
`,
};
