import { Fault } from '../../domain/faults/fault.ts';
import type { Command, RunLanguage, RunRequest } from '../contract.ts';
import { guestHome } from '../workspaces/guest-root.ts';
import { findProgram } from '../workspaces/system-tools.ts';

/** How code of one language becomes commands. */
export interface Language {
  /** Name of the file when only code was given. */
  readonly fileName: string;
  /** Host program that guests run it by; undefined when it comes with the product. */
  readonly needs?: string;
  /** Translates before running. */
  build?(entry: string): Command['argv'];
  run(entry: string): Command['argv'];
}

const built = `${guestHome}/.switchyard-run.mjs`;
/** Code written for the older module system asks for this. */
const requireBanner =
  "import{createRequire as switchyardRequire}from'node:module';globalThis.require??=switchyardRequire('/home/user/');";

/** Every language of a run. Programs of Node find the libraries of `guest-libraries.ts` as well. */
export const languages: Readonly<Record<RunLanguage, Language>> = {
  python: { fileName: 'main.py', needs: 'python3', run: (entry) => ['python3', '-B', '-u', entry] },
  javascript: { fileName: 'main.js', run: (entry) => ['node', entry] },
  typescript: {
    fileName: 'main.ts',
    build: (entry) => [
      'esbuild',
      entry,
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--target=node20',
      '--packages=external',
      '--sourcemap=inline',
      '--log-level=warning',
      `--banner:js=${requireBanner}`,
      `--outfile=${built}`,
    ],
    run: () => ['node', '--enable-source-maps', built],
  },
  shell: { fileName: 'main.sh', needs: 'bash', run: (entry) => ['bash', entry] },
};

/** What a run does, step by step. Throws a Fault for a language that this machine cannot run. */
export function planRun(
  request: RunRequest,
  has: { readonly typescript: boolean; find?(name: string): string | undefined },
): { readonly build: Command['argv'] | undefined; readonly run: Command['argv'] } {
  const { language, files, entry = files[0]?.path, command, arguments: given = [] } = request;
  const spoken = languages[language];
  const find = has.find ?? findProgram;
  if (spoken.needs !== undefined && find(spoken.needs) === undefined) {
    const message = `${spoken.needs} is not installed on this machine; ${language} cannot run.`;
    throw new Fault('isolation_unavailable', { message, param: 'language' });
  }
  if (language === 'typescript' && !has.typescript) {
    const message = 'esbuild is not installed (an optional package); TypeScript cannot be translated.';
    throw new Fault('isolation_unavailable', { message, param: 'language' });
  }
  if (command) return { build: undefined, run: [...command, ...given] };
  if (entry === undefined) {
    throw new Fault('invalid_request', {
      message: 'Send code, files or a command: there is nothing to run.',
      param: 'files',
    });
  }
  if (files.length > 0 && !files.some(({ path }) => path === entry)) {
    throw new Fault('invalid_request', { message: `The entry ${entry} is not among the files.`, param: 'entry' });
  }
  const [program, ...rest] = spoken.run(entry);
  return { build: spoken.build?.(entry), run: [program, ...rest, ...given] };
}
