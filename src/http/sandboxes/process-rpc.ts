import type { CommandEvent, CommandWatch, GuestCommand, LiveSandbox } from '../../runtime/index.ts';
import { ConnectError, ConnectStream } from './connect-protocol.ts';
import { userOf } from './guest-user.ts';
import {
  bytesField,
  type Fields,
  flagField,
  mapField,
  numberField,
  objectField,
  textField,
  textsField,
} from './read-fields.ts';
import { UnsupportedError } from './refusals.ts';
import type { StreamCall, UnaryCall } from './envd-calls.ts';

/** Calls about commands that have one answer. */
export const processCalls: { readonly [method: string]: UnaryCall } = {
  List: ({ sandbox }) => ({
    processes: sandbox.commands.list().map(({ pid, command }) => ({
      pid,
      ...(command.tag !== undefined && { tag: command.tag }),
      config: {
        cmd: command.program,
        args: command.arguments,
        envs: command.environment,
        ...(command.workingFolder !== undefined && { cwd: command.workingFolder }),
      },
    })),
  }),

  async SendInput({ sandbox, message }) {
    const command = selected(sandbox, message);
    const input = objectField(message, 'input');
    if (input['pty'] !== undefined) throw new UnsupportedError('pty');
    if (await command.write(bytesField(input, 'stdin'))) return {};
    throw new ConnectError(
      'failed_precondition',
      'The command takes no input: start it with `stdin`, and keep it open.',
    );
  },

  SendSignal({ sandbox, message }) {
    const command = selected(sandbox, message);
    const signal = message['signal'];
    if (signal === 'SIGNAL_SIGKILL' || signal === 9) command.kill('SIGKILL');
    else if (signal === 'SIGNAL_SIGTERM' || signal === 15) command.kill('SIGTERM');
    else throw new ConnectError('invalid_argument', '`signal` must be SIGNAL_SIGTERM or SIGNAL_SIGKILL.');
    return {};
  },

  CloseStdin({ sandbox, message }) {
    selected(sandbox, message).closeInput();
    return {};
  },

  Update() {
    throw new UnsupportedError('pty');
  },

  StreamInput() {
    throw new UnsupportedError('streamInput');
  },
};

/** Calls about commands whose answer goes on. */
export const processStreams: { readonly [method: string]: StreamCall } = {
  async Start({ sandbox, message, request, response, deadlineMs }) {
    if (message['pty'] !== undefined && message['pty'] !== null) throw new UnsupportedError('pty');
    const config = objectField(message, 'process');
    const program = textField(config, 'cmd');
    if (program === '') throw new ConnectError('invalid_argument', '`process.cmd` names no program.');
    const tag = textField(message, 'tag');
    const { command, watch } = await sandbox.commands.start(
      {
        program,
        arguments: textsField(config, 'args'),
        environment: mapField(config, 'envs'),
        workingFolder: textField(config, 'cwd') || undefined,
        user: userOf(request),
        tag: tag === '' ? undefined : tag,
        takesInput: flagField(message, 'stdin'),
        deadlineMs,
      },
      sandbox.record.environment,
    );
    await tellCommand(new ConnectStream(request, response, keepalive), command, { watch, response });
  },

  async Connect({ sandbox, message, request, response, deadlineMs }) {
    const command = selected(sandbox, message);
    const watch = command.watch();
    const stream = new ConnectStream(request, response, keepalive);
    const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs);
    function late(): void {
      stream.end(new ConnectError('deadline_exceeded', 'The time to watch the command is over; it goes on.'));
      watch.stop();
    }
    try {
      await tellCommand(stream, command, { watch, response });
    } finally {
      clearTimeout(timer);
    }
  },
};

const keepalive = { event: { keepalive: {} } };

/** Tells all that a command says until it ends or nobody listens; it goes on without us. */
async function tellCommand(
  stream: ConnectStream,
  { pid }: GuestCommand,
  { watch, response }: { readonly watch: CommandWatch; readonly response: StreamCallResponse },
): Promise<void> {
  const leave = (): void => watch.stop();
  response.once('close', leave);
  try {
    await stream.send({ event: { start: { pid } } });
    for await (const event of watch.events) {
      if (event.type === 'deadline') {
        return stream.end(new ConnectError('deadline_exceeded', 'The command was ended when its time was over.'));
      }
      await stream.send({ event: wireEvent(event) });
    }
    stream.end();
  } finally {
    response.off('close', leave);
    watch.stop();
  }
}

type StreamCallResponse = Parameters<StreamCall>[0]['response'];

function wireEvent(event: Exclude<CommandEvent, { type: 'deadline' }>): object {
  if (event.type !== 'end') return { data: { [event.type]: Buffer.from(event.bytes).toString('base64') } };
  const { code, signal, limitsHit } = event.exit;
  const limits = limitsHit.map(({ name, allowed, observed }) => `${name} limit: ${observed} of ${allowed}`).join(', ');
  if (code === null) {
    const status = `signal: ${signalWords[signal ?? ''] ?? signal ?? 'unknown'}`;
    return { end: { exitCode: -1, exited: false, status, error: limits === '' ? status : `${status} (${limits})` } };
  }
  const status = `exit status ${code}`;
  return { end: { exitCode: code, exited: true, status, ...(code !== 0 && { error: status }) } };
}

const signalWords: { readonly [signal: string]: string } = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGINT: 'interrupt',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
};

function selected(sandbox: LiveSandbox, message: Fields): GuestCommand {
  const selector = objectField(message, 'process');
  const tag = textField(selector, 'tag');
  return sandbox.commands.find(tag === '' ? { pid: numberField(selector, 'pid') } : { tag });
}
