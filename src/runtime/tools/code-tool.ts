import { Fault } from '../../domain/faults/fault.ts';
import type {
  ServerTool,
  ServerToolAnswer,
  ServerToolCall,
  ToolExecutor,
  ToolOwner,
  ToolSession,
} from '../../gateway/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Receipt, type RunLanguage, runLanguages } from '../contract.ts';
import { CodeSession, type CodeSessionDeps, type SessionRun } from './code-session.ts';

/** The tool as clients ask for it and as models see it. */
export const codeTool: ServerTool = {
  type: 'switchyard_code',
  description:
    'Runs a program in an isolated sandbox without network and answers with its exit code and output. Files that a program writes to its working folder are there for the next call. Print what you need to know.',
  parameters: {
    type: 'object',
    properties: {
      language: { type: 'string', enum: [...runLanguages], description: 'What the program is written in.' },
      code: { type: 'string', description: 'The whole program.' },
      stdin: { type: 'string', description: 'What the program reads from its standard input.' },
    },
    required: ['language', 'code'],
    additionalProperties: false,
  },
};

/** What the tool is built on. */
export interface CodeToolDeps extends CodeSessionDeps {
  readonly clock: Clock;
  /** Why nothing runs here, as a sentence. */
  absence(): string | undefined;
}

const maxCodeLength = 256 * 1024;

/** Runs the code tool for models: one sandbox for all calls of an exchange, made when the first of them comes. */
export function createCodeTool(deps: CodeToolDeps): ToolExecutor {
  return {
    tools: [codeTool],
    absence: () => deps.absence(),
    open: (owner) => new CodeToolSession(owner, deps),
  };
}

class CodeToolSession implements ToolSession {
  readonly #session: CodeSession;
  readonly #clock: Clock;

  constructor(owner: ToolOwner, deps: CodeToolDeps) {
    this.#session = new CodeSession(owner, deps);
    this.#clock = deps.clock;
  }

  async call({ type: tool, arguments: given, timeoutMs, signal }: ServerToolCall): Promise<ServerToolAnswer> {
    const startedMs = this.#clock.monotonicMs();
    const refused = (text: string): ServerToolAnswer => {
      const totalMs = Math.round(this.#clock.monotonicMs() - startedMs);
      return { text, isError: true, ran: { tool, status: 'refused', totalMs } };
    };
    const program = readProgram(given);
    if (typeof program === 'string') return refused(program);
    try {
      const run = await this.#session.run({ ...program, timeoutMs, signal });
      const { receipt } = run;
      const ran = { tool, runId: receipt.runId, status: receipt.status, totalMs: Math.round(receipt.timings.totalMs) };
      return { text: describeRun(run), isError: receipt.status !== 'succeeded', ran };
    } catch (error) {
      return refused(`Not run: ${Fault.is(error) ? error.message : 'the sandbox broke.'}`);
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

interface Program {
  readonly language: RunLanguage;
  readonly code: string;
  readonly stdin?: string;
}

/** What a model wrote as arguments, or what is wrong with it. */
function readProgram(given: string): Program | string {
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    return 'Not run: the arguments are no JSON object.';
  }
  if (typeof value !== 'object' || value === null) return 'Not run: the arguments are no JSON object.';
  const { language, code, stdin } = value as { readonly [field: string]: unknown };
  const known = runLanguages.find((one) => one === language);
  if (known === undefined) return `Not run: "language" must be one of ${runLanguages.join(', ')}.`;
  if (typeof code !== 'string' || code === '') return 'Not run: "code" must be the program as text.';
  if (code.length > maxCodeLength) return `Not run: "code" may have at most ${maxCodeLength} characters.`;
  return { language: known, code, ...(typeof stdin === 'string' && { stdin }) };
}

/** A run as a model is told of it. */
export function describeRun({ receipt, stdout, stderr }: SessionRun): string {
  const parts = [endOf(receipt)];
  if (stdout !== '') parts.push(`stdout:\n${stdout.trimEnd()}`);
  if (stderr !== '') parts.push(`stderr:\n${stderr.trimEnd()}`);
  if (stdout === '' && stderr === '') parts.push('It printed nothing.');
  return parts.join('\n');
}

function endOf({ status, exit, limitsHit }: Receipt): string {
  const limits = limitsHit.map(({ name, allowed, observed }) => `${name} limit: ${observed} of ${allowed} allowed`);
  const end = exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `ended by ${exit.signal}`;
  const build = status === 'build_failed' ? ['it could not be translated'] : [];
  return [end, ...build, ...limits].join('; ');
}
