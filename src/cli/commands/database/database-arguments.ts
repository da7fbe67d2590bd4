/** Arguments of the commands that work on the database of a data folder. */
export const databaseArguments = {
  data: { type: 'string', default: '.switchyard', description: 'Data folder' },
  config: { type: 'string', description: 'Configuration file, default switchyard.yaml' },
  json: { type: 'boolean', description: 'Answer as JSON' },
} as const;
