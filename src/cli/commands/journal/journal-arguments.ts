/** Arguments of the commands that read a journal from disk. */
export const journalArguments = {
  dir: { type: 'positional', default: '.switchyard', description: 'Data folder or its journal folder' },
  json: { type: 'boolean', description: 'Answer as JSON' },
} as const;
