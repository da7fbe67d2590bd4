/** Dialect name carried by what only this dialect understands. */
export const dialect = 'openai-chat';
