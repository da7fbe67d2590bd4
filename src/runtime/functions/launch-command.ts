/** A program with its arguments and nothing of our own environment. */
export interface LaunchCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: { readonly [name: string]: string };
}

/** A folder or file that a sandboxed program sees. */
export interface SandboxMount {
  readonly from: string;
  readonly to: string;
  readonly writable?: boolean;
}

/** A program as the sandbox sees it. */
export interface SandboxedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment?: { readonly [name: string]: string };
}

const words = (line: string): string[] => line.split(' ');
// No session of its own: the process group it is started in has to reach it until it runs (see process-group.ts).
const boundary = [
  ...words('--unshare-all --unshare-user --disable-userns --cap-drop ALL --uid 1000 --gid 1000'),
  ...words('--die-with-parent --as-pid-1 --clearenv --hostname sandbox'),
];
const authorities = '/etc/ssl/certs/ca-certificates.crt';
const systemFiles = [
  ...words('--ro-bind /usr/lib /usr/lib --symlink usr/lib /lib'),
  ...words('--ro-bind-try /usr/lib64 /usr/lib64 --symlink usr/lib64 /lib64'),
  ...words('--proc /proc --dev /dev --tmpfs /tmp --dir /app/empty'),
  // Without authorities the engine does not start, although nothing here speaks TLS.
  ...words(`--ro-bind-try ${authorities} ${authorities}`),
];

/** Wraps a program so that it sees the named files, the system's libraries, and neither network nor other processes. */
export function sandboxed(bwrap: string, command: SandboxedCommand, mounts: readonly SandboxMount[]): LaunchCommand {
  const seen = mounts.flatMap(({ from, to, writable }) => [writable === true ? '--bind' : '--ro-bind', from, to]);
  const args = [
    ...boundary,
    ...systemFiles,
    ...seen,
    '--chdir',
    command.folder,
    '--',
    command.program,
    ...command.args,
  ];
  return { program: bwrap, args, environment: {} };
}
