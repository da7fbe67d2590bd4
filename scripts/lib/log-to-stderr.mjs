// @ts-check

/**
 * What the pre-steps have to say goes to stderr: stdout belongs to the product they prepare.
 * @param {string} line
 */
export function logToStderr(line) {
  process.stderr.write(`switchyard: ${line}\n`);
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
