import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { RunInput, RunReceipt } from '../../sdk/index.ts';
import { exitCodes, usageError } from '../shell/cli-error.ts';
import { defineCommand } from '../shell/command.ts';
import { connect, connectionArguments } from '../shell/connect.ts';
import { readTextFile } from '../shell/read-file.ts';
import { writeJson } from '../shell/terminal.ts';

const languages: { readonly [extension: string]: RunInput['language'] } = {
  '.py': 'python',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.sh': 'shell',
};

/** Runs a file in a sandbox of the gateway. */
export const runCommand = defineCommand({
  description: 'Run a Python, JavaScript, TypeScript or shell file in a fresh sandbox; exits as the program did',
  args: {
    file: { type: 'positional', required: true, description: 'The program' },
    language: {
      type: 'string',
      description: 'python, javascript, typescript or shell; else by the ending of the file',
    },
    stdin: { type: 'string', description: 'File with what the program reads' },
    limit: {
      type: 'string',
      description: 'Bounds, such as cpuMs=1000,memoryBytes=100000000,wallMs=5000,outputBytes=65536',
    },
    allow: { type: 'string', description: 'Names that it may reach, such as api.example.com,*.example.org; none else' },
    'min-isolation': { type: 'string', description: 'Refuse to run under weaker isolation' },
    request: { type: 'string', description: 'Request whose answer the code is; it gets the outcome' },
    ...connectionArguments,
    json: { type: 'boolean', description: 'Answer with the receipt as JSON; the output goes to stderr' },
  },
  async run(args, terminal) {
    const input: RunInput = {
      language: languageOf(args.file, args.language),
      files: [{ path: basename(args.file), content: await readTextFile(args.file) }],
      ...(args.stdin !== undefined && { stdin: await readFile(args.stdin, 'utf8') }),
      ...(args.limit !== undefined && { limits: readLimits(args.limit) }),
      ...(args.allow !== undefined && { network: { allow: args.allow.split(',').map((name) => name.trim()) } }),
      ...(args['min-isolation'] !== undefined && { minIsolation: args['min-isolation'] as 'sandbox-cgroup' }),
      ...(args.request !== undefined && { requestId: args.request }),
    };
    const { runs } = connect(args, terminal);
    let receipt: RunReceipt | undefined;
    for await (const event of runs.start(input)) {
      if (event.type === 'receipt') receipt = event.receipt;
      else if (event.type === 'stderr' || (event.type === 'stdout' && args.json === true))
        terminal.complain(event.text);
      else if (event.type === 'stdout') terminal.write(event.text);
    }
    if (receipt === undefined) return exitCodes.failure;
    if (args.json === true) writeJson(terminal, receipt);
    else terminal.complain(`${describeReceipt(receipt)}\n`);
    return receipt.status === 'succeeded' ? exitCodes.ok : receipt.exit.code || exitCodes.failure;
  },
});

function languageOf(file: string, given: string | undefined): RunInput['language'] {
  const known = Object.values(languages);
  const language = given === undefined ? languages[extname(file)] : known.find((one) => one === given);
  if (language !== undefined) return language;
  throw usageError(`which language is ${given ?? file}? Say --language python, javascript, typescript or shell`);
}

function readLimits(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      if (!/^\d+$/.test(value)) throw usageError(`--limit ${pair}: write name=number`);
      return [name.trim(), Number(value)];
    }),
  );
}

/** A receipt in a line: how it ended, what it took, how it was isolated. */
function describeReceipt(receipt: RunReceipt): string {
  const { status, exit, limitsHit, timings, isolation, cpuMs, runId } = receipt;
  const end = exit.signal === null ? `exit ${exit.code ?? '-'}` : exit.signal;
  const limits = limitsHit.map(({ name, allowed, observed }) => `, ${name} limit: ${observed} of ${allowed}`).join('');
  const soft = Object.entries(isolation.enforced).filter(([, strength]) => strength !== 'hard');
  const weak = soft.length === 0 ? '' : `, not hard: ${soft.map(([name]) => name).join(' ')}`;
  return `[${status}, ${end}${limits}; ${Math.round(timings['totalMs'] ?? 0)} ms, ${cpuMs ?? '?'} ms CPU; ${isolation.tier}${weak}; ${runId}]`;
}
