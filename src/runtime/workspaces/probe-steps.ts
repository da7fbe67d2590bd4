import type { Command, Exit, LimitedResource, Limits } from '../contract.ts';

/** What a step saw. */
export interface StepResult {
  readonly exit: Exit;
  readonly output: string;
}

/** What a step is told about the host, to look for it. */
export interface ProbeCanaries {
  /** A file of the host, readable by everyone there. */
  readonly file: string;
  /** What it says. */
  readonly word: string;
  /** A port on which the supervisor listens on the host's loopback address. */
  readonly port: number;
  /** Namespaces of the supervisor. */
  readonly namespaces: readonly string[];
}

/** One hostile program of the probe. */
export interface ProbeStepProgram {
  readonly name: string;
  /** The boundary itself, or the limit that it shows. */
  readonly shows: 'boundary' | LimitedResource;
  readonly limits?: Partial<Limits>;
  program(canaries: ProbeCanaries): string;
  held(result: StepResult, canaries: ProbeCanaries): boolean;
}

const mib = 1024 * 1024;

/** Bounds of the sandbox in which the steps run; each program also stops by itself a little beyond them. */
export const probeLimits: Limits = {
  cpuMs: 10_000,
  wallMs: 10_000,
  memoryBytes: 64 * mib,
  processes: 24,
  openFiles: 256,
  diskBytes: 2 * mib,
  tmpBytes: 2 * mib,
  outputBytes: mib,
  outputGraceMs: 0,
  fileBytes: mib,
};

const wasHit = (exit: Exit, name: LimitedResource): boolean => exit.limitsHit.some((hit) => hit.name === name);
const says = (word: string) => (result: StepResult) => result.output.trim() === word;

/** Programs that try what must not succeed, in the order in which they run. */
export const probeSteps: readonly ProbeStepProgram[] = [
  {
    name: 'a file of the host, directly and by detours',
    shows: 'boundary',
    program: ({ file }) =>
      `ln -s ${file} link; for path in ${file} /../..${file} /proc/self/root${file} /proc/1/root${file} /proc/1/cwd${file} link; do cat $path; done; echo done`,
    held: ({ output }, { word }) => !output.includes(word) && output.includes('done'),
  },
  {
    name: "the supervisor's environment and processes",
    shows: 'boundary',
    program: () =>
      'cat /proc/1/environ | wc -c; ls -d /proc/[0-9]* | wc -l; cat /proc/self/environ | tr "\\0" "\\n" | cut -d= -f1 | sort | tr "\\n" " "',
    held({ output }) {
      const [environment, processes, names = ''] = output.split('\n').map((line) => line.trim());
      const known = new Set(['HOME', 'LANG', 'LOGNAME', 'PATH', 'PWD', 'TMPDIR', 'USER', 'OLDPWD', 'SHLVL', '_']);
      return Number(environment) === 0 && Number(processes) < 12 && names.split(' ').every((name) => known.has(name));
    },
  },
  {
    name: 'namespaces of its own',
    shows: 'boundary',
    program: () => 'for name in pid mnt net user ipc uts; do readlink /proc/self/ns/$name; done; echo done',
    held: ({ output }, { namespaces }) =>
      output.includes('done') && !namespaces.some((namespace) => output.includes(namespace)),
  },
  {
    name: 'writing outside its own places',
    shows: 'boundary',
    program: () =>
      'for path in /usr/x /etc/x /x /dev/x /proc/sys/kernel/hostname /opt/x; do (echo 1 >$path) 2>/dev/null && echo wrote $path; done; echo held',
    held: says('held'),
  },
  {
    name: 'a new user namespace',
    shows: 'boundary',
    program: () => 'unshare -U true 2>/dev/null && echo made; unshare -Ur true 2>/dev/null && echo made; echo held',
    held: says('held'),
  },
  {
    name: 'mounting and device nodes',
    shows: 'boundary',
    program: () =>
      'mount -t tmpfs none /tmp 2>/dev/null && echo mounted; mknod d b 8 0 2>/dev/null && echo made; chroot / true 2>/dev/null && echo rooted; echo held',
    held: says('held'),
  },
  {
    name: 'privileges',
    shows: 'boundary',
    program: () => 'grep -E "^(CapEff|CapPrm|NoNewPrivs):" /proc/self/status | tr -d "\\t "; id -u',
    held: ({ output }) =>
      /CapPrm:0{16}\s/.test(output) &&
      /CapEff:0{16}\s/.test(output) &&
      /NoNewPrivs:1/.test(output) &&
      !/^0$/m.test(output),
  },
  {
    name: "the host's loopback network",
    shows: 'network',
    program: ({ port }) =>
      `perl -MIO::Socket::INET -e 'for (qw(127.0.0.1 0.0.0.0)) { print IO::Socket::INET->new(PeerAddr => $_, PeerPort => ${port}, Timeout => 2) ? "reached\\n" : "" } print "held\\n"'`,
    held: says('held'),
  },
  {
    name: 'filling the disk',
    shows: 'disk',
    program: () =>
      'head -c 4000000 /dev/zero >big && echo wrote; head -c 4000000 /dev/zero >/tmp/big && echo wrote; rm -f big /tmp/big; echo held',
    held: ({ output }) => !output.includes('wrote') && output.includes('held'),
  },
  {
    name: 'a flood of output',
    shows: 'output',
    limits: { outputBytes: 65_536 },
    program: () => 'head -c 50000000 /dev/zero',
    held: ({ exit, output }) => wasHit(exit, 'output') && output.length <= 65_536,
  },
  {
    name: 'many processes',
    shows: 'processes',
    program: () =>
      "perl -e 'for (1 .. 40) { my $child = fork(); last unless defined $child; if (!$child) { sleep 5; exit } push @all, $child } kill 9, @all; print scalar(@all)'",
    held: ({ output }) => Number(output) > 0 && Number(output) <= probeLimits.processes,
  },
  {
    name: 'sleeping past its time',
    shows: 'wall',
    limits: { wallMs: 150 },
    program: () => 'sleep 5',
    held: ({ exit }) => wasHit(exit, 'wall') && exit.wallMs < 2000,
  },
  {
    name: 'spinning',
    shows: 'cpu',
    limits: { cpuMs: 100, wallMs: 5000 },
    program: () => 'while :; do :; done',
    held: ({ exit }) => wasHit(exit, 'cpu'),
  },
  {
    name: 'using much memory',
    shows: 'memory',
    limits: { wallMs: 5000 },
    program: () => '(head -c 100000000 /dev/zero; sleep 2) | tail -c 100000000 | wc -c',
    held: ({ exit }) => wasHit(exit, 'memory'),
  },
];

/** A step as a command. */
export function stepCommand(step: ProbeStepProgram, canaries: ProbeCanaries): Command {
  return {
    argv: ['/bin/sh', '-c', step.program(canaries)],
    ...(step.limits && { limits: step.limits }),
  };
}
