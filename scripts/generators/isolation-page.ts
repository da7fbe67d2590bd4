import type { HostileProgram } from '../../test/hostile/hostile-program.ts';
import { hostilePrograms } from '../../test/hostile/hostile-programs.ts';
import { probeSteps } from '../../src/runtime/workspaces/probe-steps.ts';
import { defaultLimits } from '../../src/runtime/limits.ts';
import type { GeneratedFile } from '../lib/generated-file.ts';

const intro = `# Isolation of code

How code that models wrote is kept from everything else, what was tried against it, and what is known not to hold. This
page is written from the table of hostile programs that the tests run; \`switchyard doctor\` says what holds on your
machine, and so does every receipt.

## Tiers

Found by running hostile programs at start, never by a version or by whether an engine is installed.

| tier | what separates | limits |
|---|---|---|
| \`sandbox-cgroup\` | bubblewrap: own user, mount, process, network, IPC and host-name namespaces, no capabilities, no new privileges, a filter of system calls; a user of its own when the supervisor is root | held by the kernel |
| \`sandbox-rlimit\` | the same | CPU time and memory are watched and ended after the fact; the receipt says \`soft\` |
| \`language\` | the language of the engine of functions (workerd), in a process of its own | watched from outside; fine for your own models' code, not for hostile customers |

\`vm\` and \`gvisor\` are names that a run may ask for; no engine of this version reaches them, so such a run is refused.
\`switchyard doctor\` tries out gVisor where \`runsc\` is installed and says what it found; nothing runs in it yet.
Below \`runtime.minIsolation\`, or the run's own \`minIsolation\`, a run is refused with \`isolation_unavailable\`; it is
never run weaker. Without bubblewrap native code is refused, and the refusal says how to install it; scripts of
JavaScript and TypeScript still run, at the tier \`language\`, and every receipt says so. Such a script is bundled from
its files and has timers, \`fetch\`, standard input, \`process\` and the modules of Node that the engine has; it has no
files, no other programs and no code from text. Set \`minIsolation: sandbox-rlimit\` to refuse them as well.

SIGHUP has everything tried anew, for instance after bubblewrap was installed.

## What a run may reach

Nothing, unless its \`network\` says so: \`{"allow": ["api.example.com", "*.example.org", "odd.example.net:8443"]}\`, or
\`switchyard run FILE --allow api.example.com\`. The sandbox keeps its empty network; its first program takes connections
on its loopback address and hands them through one socket, which is that sandbox's alone, to a proxy of the gateway.
There names are judged, then resolved, and every address is checked that is dialled: this machine, private networks,
metadata services and tunnels that lead to them are not. Addresses cannot be allowed, nor can a resolver be asked. A
redirect is a new request. \`maxBytes\` (256 MiB unless said) bounds all connections together; the receipt lists them.

\`headers\` adds headers for a host on the way out, such as an authorization: their values are in no variable, file,
receipt or log. The program asks for that host by \`http://\`; the proxy goes on over TLS. What goes through a tunnel
(\`https://\`) is never touched, and so gets no header.

Programs find the way out by \`HTTP_PROXY\` and \`HTTPS_PROXY\`; \`fetch\` of Node takes it too. What looks for no proxy
reaches nothing.
`;

const gaps = `## Known gaps

- The kernel is shared with the host. A hole in it is a way out; hostile customers need a virtual machine each, which this
  version does not have.
- Timers are precise: side channels between processes of one machine are not closed.
- Files live in memory and count as such. Inodes have no limit of their own; they end at the memory limit.
- Without control groups (most ordinary users) CPU time and memory of a whole sandbox are looked at several times a
  second. What is used between two looks is not prevented, and an overrun is ended, not refused.
- The filter of system calls refuses a list, and exists for x86-64 and ARM64. Elsewhere the gap stands in the receipt.
- A guest's standard streams are sockets: a program that opens \`/dev/stdout\` by name fails.
- The programs of the host below \`/usr\` are readable in every sandbox. Do not keep secrets there.
- CPU is shared by weight: a sandbox gets at most one core, and an eighth of an ordinary process's share where there is
  not enough for all. Processes of apps have no weight of their own.
- At the tier \`language\` memory and CPU time are looked at twenty times a second, from outside.
- Tried on Linux with bubblewrap 0.8 and control groups of version 1. Version 2 is written and not tried.
`;

const areas: Readonly<Record<HostileProgram['area'], string>> = {
  files: 'Files',
  secrets: 'Secrets',
  network: 'Network',
  resources: 'Resources',
  privilege: 'Privileges and kernel',
};

function render(): string {
  const tables = Object.entries(areas).map(([area, title]) => {
    const rows = hostilePrograms.filter((program) => program.area === area).map(rowOf);
    if (rows.length === 0) throw new Error(`no hostile program of the area ${area}`);
    return `### ${title}\n\n| | a guest tries | result | limit told |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return [
    intro,
    limitsTable(),
    '## Found at start\n',
    'The programs that the tier is decided by, in the order in which they run:\n',
    `${probeSteps.map(({ name, shows }) => `- ${name}${shows === 'boundary' ? '' : ` (${shows})`}`).join('\n')}\n`,
    '## Hostile programs\n',
    'Each is run at every tier that the machine has, and refuses to start outside a sandbox. `blocked`: it does not',
    'happen. `bounded`: it ends at a limit. `contained`: it happens, and only to itself. After each the neighbour is there',
    'and unharmed. Numbers that are missing belong to engines and parts that are tried elsewhere.\n',
    ...tables,
    gaps,
  ].join('\n');
}

function rowOf({ number, tries, expected, limit }: HostileProgram): string {
  return `| ${number} | ${tries} | ${expected} | ${limit ?? ''} |`;
}

const librariesText = `Programs of Node find \`lodash\` below \`/node_modules\`, read-only; their own folders come first.
Everything else they need comes with them as files: nothing is installed while they run.
`;

function limitsTable(): string {
  const { cpuMs, wallMs, memoryBytes, processes, openFiles, diskBytes, tmpBytes, outputBytes } = defaultLimits;
  const mib = (bytes: number): string => `${bytes / 1024 / 1024} MiB`;
  const rows = [
    ['CPU time of all processes', `${cpuMs / 1000} s`, 'RLIMIT_CPU per process, the group as a whole watched'],
    ['time', `${wallMs / 1000} s`, 'the supervisor ends the sandbox'],
    ['memory, with files', mib(memoryBytes), 'control group; else watched'],
    ['processes and threads', String(processes), 'control group and RLIMIT_NPROC'],
    ['open files', String(openFiles), 'RLIMIT_NOFILE'],
    ['home folder', mib(diskBytes), 'size of its file system in memory'],
    ['/tmp and /dev/shm, each', mib(tmpBytes), 'the same'],
    ['stdout and stderr', mib(outputBytes), 'reading stops, the guest waits 5 s, then it is ended'],
    ['network', 'none', 'a network namespace with nothing but its own loopback; a proxy is the only way out'],
  ];
  const lines = rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `## Limits of a run\n\n| what | unless said | held by |\n|---|---|---|\n${lines}\n\n${librariesText}`;
}

/** What keeps code apart and what was tried against it, from the table that the tests run. */
export const generatedFiles: readonly GeneratedFile[] = [{ path: 'docs/isolation.md', render }];
