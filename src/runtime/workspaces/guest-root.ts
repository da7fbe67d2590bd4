import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { SandboxSpec } from '../contract.ts';
import { forwarderPort, forwarderScript } from './forwarder-script.ts';
import type { Shelf } from './shelf.ts';
import { guestEgressSocket } from './way-out.ts';

/** Where guests live. */
export const guestHome = '/home/user';
/** Where the product's own programs are found by guests. */
export const guestPrograms = '/opt/switchyard/bin';
const guestUser = 1000;

/** Variables of every command unless it says otherwise. */
export const guestEnvironment: Readonly<Record<string, string>> = {
  HOME: guestHome,
  USER: 'user',
  LOGNAME: 'user',
  PATH: `${guestPrograms}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin`,
  LANG: 'C.UTF-8',
  TMPDIR: '/tmp',
};

/**
 * Arguments of bubblewrap: every namespace of its own, the host's programs read-only, nothing else of it, and places
 * in memory of a fixed size to write to. Everything around those places is remounted read-only at the end: bubblewrap's
 * own root is a memory file system without a bound.
 */
export function guestRoot(spec: SandboxSpec, shelf: Shelf, { owner, perl }: GuestRootParts): string[] {
  const { limits } = spec;
  const inMemory = (path: string, sizeBytes: number, mode: string): string[] =>
    words(`--perms ${mode} --size ${sizeBytes} --tmpfs ${path}`);
  const home =
    spec.homeFolder === undefined
      ? inMemory(guestHome, limits.diskBytes, '0755')
      : ['--bind', spec.homeFolder, guestHome];
  const mounts = (spec.mounts ?? []).flatMap(({ hostPath, guestPath, writable }) => [
    writable ? '--bind' : '--ro-bind',
    hostPath,
    guestPath,
  ]);
  return [
    ...words('--unshare-all --unshare-user --disable-userns --cap-drop ALL --die-with-parent --new-session'),
    ...words(`--hostname sandbox --uid ${guestUser} --gid ${guestUser}`),
    ...systemFolders(),
    ...words('--proc /proc --dev /dev'),
    ...shelf.files.flatMap(({ hostPath, guestPath }) => ['--ro-bind', hostPath, guestPath]),
    ...optionalSystemFiles.flatMap((path) => ['--ro-bind-try', path, path]),
    ...inMemory('/tmp', limits.tmpBytes, '1777'),
    ...inMemory('/dev/shm', limits.tmpBytes, '1777'),
    ...home,
    ...mounts,
    ...words('--remount-ro /dev --remount-ro / --chdir / --info-fd 5 --seccomp 6 --'),
    ...keeperCommand(spec, perl),
    owner,
  ];
}

/** What arguments are made of besides what the sandbox is to be. */
export interface GuestRootParts {
  /** Last argument of the keeper: tells the reaper whose it is. */
  readonly owner: string;
  readonly perl: string;
}

/** The keeper does nothing but carry connections where there is a way out: the sandbox lives as long as it does. */
function keeperCommand({ network }: SandboxSpec, perl: string): string[] {
  // What it reads comes from us and never ends while we live.
  if (network?.mode !== 'allowed') return ['/bin/sh', '-c', 'echo; read -r line'];
  return [perl, '-e', forwarderScript, String(forwarderPort), guestEgressSocket];
}

const words = (text: string): string[] => text.split(' ');

/** Read-only and without secrets: what programs need to start, to speak TLS and to know the time zone. */
const optionalSystemFiles = [
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/localtime',
  '/etc/mime.types',
];

/** /usr, and the folders beside it as the host has them: links into /usr, or folders of their own. */
function systemFolders(): string[] {
  const beside = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].filter((path) => existsSync(path));
  return [
    ...words('--ro-bind /usr /usr'),
    ...beside.flatMap((path) =>
      lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path],
    ),
  ];
}
