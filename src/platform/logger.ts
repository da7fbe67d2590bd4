import { pino } from 'pino';

/** Structured log; secrets never reach it because callers pass names and ids, and known field names are censored. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const secretFields = [
  'apiKey',
  'secret',
  'secretAccessKey',
  'sessionToken',
  'privateKey',
  'bearer',
  'token',
  'authorization',
  'cookie',
];

/** JSON lines on stderr: stdout belongs to what the operator asked for. */
export function createLogger(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `headers["${field}"]`]);
  return pino({ level, redact: { paths, censor: '[secret]' }, base: null }, pino.destination({ fd: 2, sync: false }));
}

/** Says nothing; for tests. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
