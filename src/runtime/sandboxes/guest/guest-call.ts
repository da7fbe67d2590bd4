import { Fault } from '../../../domain/faults/fault.ts';
import type { Execution, Exit, Sandbox } from '../../contract.ts';
import type { SandboxEntry } from '../sandbox-types.ts';
import { MessageReader } from './guest-messages.ts';
import { guestExits } from './guest-prelude.ts';
import { type GuestOperation, guestProgram } from './guest-scripts.ts';
import { readEntry } from './read-entry.ts';

/** What an operation may do and take. */
export interface GuestCall {
  readonly operation: GuestOperation;
  readonly argv: readonly string[];
  readonly stdin?: 'open';
  readonly wallMs?: number;
  /** Most bytes of its answer. */
  readonly outputBytes?: number;
}

const patienceMs = 30_000;
/** Of an operation that tells of one entry. */
const answerBytes = 128 * 1024;
/** One message, such as an entry with its metadata. */
const messageBytes = 64 * 1024;
/** Entries of one answer. */
export const mostMessages = 10_000;

/** Starts an operation inside the sandbox. */
export function startCall(sandbox: Sandbox, call: GuestCall): Promise<Execution> {
  return sandbox.exec({
    argv: guestProgram(call.operation, ...call.argv),
    workingFolder: '/',
    ...(call.stdin && { stdin: call.stdin }),
    limits: { wallMs: call.wallMs ?? patienceMs, outputBytes: call.outputBytes ?? answerBytes },
  });
}

/** Runs an operation to its end and gives the entries that it tells of. Throws a Fault that says what stood in the way. */
export async function callGuest(sandbox: Sandbox, call: GuestCall): Promise<SandboxEntry[]> {
  const execution = await startCall(sandbox, call);
  const entries: SandboxEntry[] = [];
  const { exit, stderr } = await followCall(execution, (entry) => entries.push(entry));
  if (exit.code !== 0) throw callFault(exit, { path: call.argv[0] ?? '', stderr });
  return entries;
}

/**
 * Hands on the entries that a running operation tells of; resolves when it ended, and ends it otherwise: what runs in
 * the sandbox may say anything, in the name of the operation, too.
 */
export async function followCall(
  execution: Execution,
  take: (entry: SandboxEntry) => void,
): Promise<{ exit: Exit; stderr: string }> {
  const reader = new MessageReader(messageBytes, mostMessages);
  let stderr = '';
  try {
    for await (const { stream, bytes } of execution.output()) {
      if (stream === 'stderr') stderr = (stderr + Buffer.from(bytes).toString('utf8')).slice(0, 500);
      else for (const message of reader.push(bytes)) take(readEntry(message));
    }
    return { exit: await execution.exited, stderr };
  } catch (error) {
    throw error instanceof RangeError ? garbledFault() : error;
  } finally {
    execution.kill('SIGKILL');
  }
}

/** What came out of the sandbox is not what the operation says. */
export function garbledFault(): Fault {
  return new Fault('invalid_request', {
    message: 'The file operation gave no answer that can be read.',
    param: 'path',
  });
}

/** Why an operation did not do what it was asked for. */
export function callFault(exit: Exit, { path, stderr }: { readonly path: string; readonly stderr: string }): Fault {
  const because = (message: string): Fault => new Fault('invalid_request', { message, param: 'path' });
  switch (exit.code) {
    case guestExits.absent:
      return new Fault('not_found', { message: `There is no ${path}.`, param: 'path' });
    case guestExits.notRegular:
      return because(`${path} is a directory or no regular file.`);
    case guestExits.notFolder:
      return because(`${path} is no directory, or leads through something that is none.`);
    case guestExits.exists:
      return new Fault('conflict', { message: `${path} exists already.`, param: 'path' });
    case guestExits.tooLarge:
      return new Fault('too_large', { message: `${path} is larger than files may be.`, param: 'path' });
    case guestExits.tooMany:
      return new Fault('too_large', { message: `${path} holds too many entries for one answer.`, param: 'path' });
    case guestExits.noSpace:
      return noSpaceFault();
    default:
      return because(`The file operation failed: ${stderr.trim() || 'it was ended'}.`);
  }
}

/** The disk of a sandbox is full; its parameter tells it from a file that is too large. */
export function noSpaceFault(): Fault {
  return new Fault('too_large', { message: "The sandbox's disk is full.", param: 'disk' });
}
