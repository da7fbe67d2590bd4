/** Name of this dialect, as provenance of signatures and opaque blocks. */
export const anthropicDialect = 'anthropic-messages' as const;
