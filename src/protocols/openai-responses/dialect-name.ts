/** Name of this dialect, as provenance of encrypted reasoning and opaque parts. */
export const dialect = 'openai-responses';
