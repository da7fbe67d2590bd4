import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What a script of the repository did when it was run as its own process. */
export interface ScriptRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of a planted repository from a foreign working folder, as a supervisor might. */
export function runScript(root: string, script: readonly string[], environment: NodeJS.ProcessEnv): Promise<ScriptRun> {
  const [path = '', ...parameters] = script;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, path), ...parameters], { cwd: '/', env: environment });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, ...output }));
  });
}
