// @ts-check
import { spawn } from 'node:child_process';

/**
 * @typedef {object} NodeCommand
 * @property {string} entry JavaScript file to run
 * @property {readonly string[]} parameters
 * @property {string} folder
 * @property {NodeJS.ProcessEnv} [environment]
 */

/**
 * Runs a JavaScript entry with this very Node and yields its exit code. Whatever it prints goes to stderr:
 * the stdout of the pre-steps belongs to the product.
 * @param {NodeCommand} command
 * @returns {Promise<number>}
 */
export function runQuietly({ entry, parameters, ...surroundings }) {
  return runProgramQuietly({ program: process.execPath, parameters: [entry, ...parameters], ...surroundings });
}

/**
 * @typedef {object} ProgramCommand
 * @property {string} program
 * @property {readonly string[]} parameters
 * @property {string} folder
 * @property {NodeJS.ProcessEnv} [environment]
 */

/**
 * The same for any program.
 * @param {ProgramCommand} command
 * @returns {Promise<number>}
 */
export function runProgramQuietly({ program, parameters, folder, environment = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd: folder,
      env: environment,
      stdio: ['ignore', process.stderr, process.stderr],
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
