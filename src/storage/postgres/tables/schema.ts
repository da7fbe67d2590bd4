/** Bookkeeping of the migrations themselves. */
export interface SchemaTables {
  schema_migration: {
    number: number;
    name: string;
    checksum: string;
    applied_at_ms: bigint;
  };
}
