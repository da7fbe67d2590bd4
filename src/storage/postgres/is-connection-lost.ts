/** Of the connection, not of the statement: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const lostClasses = ['08', '53', '57P'];
const lostSockets: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT']);
/** What the driver and its pool say without a code. */
const lostWords = /timeout exceeded when trying to connect|connection terminated|does not answer|driver has already/i;

/** Whether an error says that the database could not be reached, so that the same work may go well later. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return lostSockets.has(code) || lostClasses.some((start) => code.startsWith(start)) || lostWords.test(error.message);
}
