import { Fault } from '../../src/domain/faults/fault.ts';
import { type HostileProgram, type HostileWorld, saysHeld } from './hostile-program.ts';

const withoutCanary = ({ stdout, stderr }: { stdout: string; stderr: string }, { canaryWord }: HostileWorld): boolean =>
  stdout.includes('done') && !`${stdout}${stderr}`.includes(canaryWord);

async function isRefused(attempt: Promise<unknown>): Promise<boolean> {
  const outcome = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  return Fault.is(outcome);
}

/** Attacks on files of the host and of others. */
export const filePrograms: readonly HostileProgram[] = [
  {
    number: 1,
    area: 'files',
    tries: 'to read files of the host',
    expected: 'blocked',
    language: 'sh',
    program: ({ canaryFile }) => `cat ${canaryFile} /etc/shadow /root/.profile; echo done`,
    held: (result, world) => withoutCanary(result, world) && !/root:[^x]/.test(result.stdout),
  },
  {
    number: 2,
    area: 'files',
    tries: 'to read them by ../../',
    expected: 'blocked',
    language: 'sh',
    program: ({ canaryFile }) => `cat ../../../../../..${canaryFile} /usr/../..${canaryFile}; echo done`,
    held: withoutCanary,
  },
  {
    number: 3,
    area: 'files',
    tries: 'to read them through /proc/self/root and other processes',
    expected: 'blocked',
    language: 'sh',
    program: ({ canaryFile }) =>
      `for at in self 1 2 3; do cat /proc/$at/root${canaryFile} /proc/$at/cwd${canaryFile}; done; echo done`,
    held: withoutCanary,
  },
  {
    number: 4,
    area: 'files',
    tries: 'a symbolic link that the supervisor reads for it',
    expected: 'blocked',
    language: 'sh',
    program: ({ canaryFile }) => `ln -sf ${canaryFile} planted; ln -sfn / whole; echo held`,
    held: async (_result, { sandbox, canaryFile }) =>
      (await isRefused(sandbox.files.read('planted'))) && (await isRefused(sandbox.files.read(`whole${canaryFile}`))),
  },
  {
    number: 5,
    area: 'files',
    tries: 'a hard link to a file of the host',
    expected: 'blocked',
    language: 'sh',
    program: ({ canaryFile }) =>
      `for file in ${canaryFile} /usr/bin/env /etc/passwd; do ln $file hard 2>/dev/null && echo through; done; echo held`,
    held: saysHeld,
  },
  {
    number: 6,
    area: 'files',
    tries: 'uploads and archives with ../ and absolute names',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'mkdir -p inner && cd inner && echo 1 >x && tar -cPf ../evil.tar --transform "s,x,/usr/planted," x && cd .. && tar -xPf evil.tar 2>/dev/null && echo through; echo held',
    held: async (result, { sandbox }) =>
      saysHeld(result) &&
      (await isRefused(sandbox.files.write([{ path: '../../../usr/planted', bytes: Buffer.from('1') }]))) &&
      (await isRefused(sandbox.files.write([{ path: '/etc/planted', bytes: Buffer.from('1') }]))),
  },
  {
    number: 7,
    area: 'files',
    tries: 'to write to the system',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'for path in /usr/x /usr/bin/env /bin/x /etc/passwd /opt/x /x /dev/x; do (echo 1 >>$path) 2>/dev/null && echo through; done; echo held',
    held: saysHeld,
  },
  {
    number: 8,
    area: 'files',
    tries: "to read a neighbour's files",
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'cat /home/*/secret /tmp/secret /proc/[0-9]*/root/home/user/secret /proc/[0-9]*/root/tmp/secret 2>/dev/null; echo done',
    held: ({ stdout }, { neighbourWord }) => stdout.includes('done') && !stdout.includes(neighbourWord),
  },
  {
    number: 12,
    area: 'files',
    tries: 'a pipe, a socket and a device where the supervisor expects a file',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      `mkfifo pipe; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'; ln -sf /dev/zero zero; echo held`,
    held: async (_result, { sandbox }) =>
      (await isRefused(sandbox.files.read('pipe'))) &&
      (await isRefused(sandbox.files.read('socket'))) &&
      (await isRefused(sandbox.files.read('zero', { maxBytes: 1000 }))),
  },
];

/** Attacks on what the host knows. */
export const secretPrograms: readonly HostileProgram[] = [
  {
    number: 13,
    area: 'secrets',
    tries: 'to read the environment of process 1',
    expected: 'blocked',
    language: 'sh',
    program: () => 'cat /proc/1/environ | wc -c',
    held: ({ stdout }) => Number(stdout) === 0,
  },
  {
    number: 14,
    area: 'secrets',
    tries: "to read other processes' environments and command lines",
    expected: 'blocked',
    language: 'sh',
    program: () => 'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\0" "\\n"; echo done',
    held: ({ stdout }, { canaryFile }) =>
      stdout.includes('done') && !stdout.includes(canaryFile) && !/vitest|SWITCHYARD_(?!HOSTILE)/.test(stdout),
  },
  {
    number: 15,
    area: 'secrets',
    tries: 'to print its environment',
    expected: 'blocked',
    language: 'sh',
    program: () => 'env | cut -d= -f1 | sort | tr "\\n" " "',
    held: ({ stdout }) =>
      stdout.trim() === 'HOME LANG LOGNAME PATH PWD SWITCHYARD_HOSTILE TMPDIR USER' ||
      stdout.trim() === 'HOME LANG LOGNAME OLDPWD PATH PWD SHLVL SWITCHYARD_HOSTILE TMPDIR USER _',
  },
  {
    number: 17,
    area: 'secrets',
    tries: "to reach the supervisor's unix sockets, by path and by name",
    expected: 'blocked',
    language: 'perl',
    program: ({ socketPath, socketName }) =>
      `use IO::Socket::UNIX; for my $peer ('${socketPath}', "\\0${socketName}") { print IO::Socket::UNIX->new(Peer => $peer) ? "through\\n" : "held\\n" }`,
    held: (result, world) => saysHeld(result) && world.reached() === 0,
  },
];

const connects = (addresses: readonly string[], port: number): string =>
  `use Socket qw(:all); for my $name (${addresses.map((one) => `'${one}'`).join(', ')}) { my ($error, @found) = getaddrinfo($name, ${port}, { socktype => SOCK_STREAM, flags => 0 }); for my $one (@found) { socket(my $socket, $one->{family}, SOCK_STREAM, 0) or next; print connect($socket, $one->{addr}) ? "through $name\\n" : '' } } print "held\\n";`;

/** Attacks through the network. */
export const networkPrograms: readonly HostileProgram[] = [
  {
    number: 18,
    area: 'network',
    tries: "to reach the host's loopback address",
    expected: 'blocked',
    language: 'perl',
    program: ({ canaryPort }) => connects(['127.0.0.1', '127.1.2.3', 'localhost', '0.0.0.0'], canaryPort),
    held: (result, world) => saysHeld(result) && world.reached() === 0,
  },
  {
    number: 21,
    area: 'network',
    tries: 'the same by IPv6 and by mapped addresses',
    expected: 'blocked',
    language: 'perl',
    program: ({ canaryPort }) => connects(['::1', '::ffff:127.0.0.1', '::'], canaryPort),
    held: (result, world) => saysHeld(result) && world.reached() === 0,
  },
  {
    number: 22,
    area: 'network',
    tries: 'the same by decimal, octal and hexadecimal addresses',
    expected: 'blocked',
    language: 'perl',
    program: ({ canaryPort }) => connects(['2130706433', '0177.0.0.1', '0x7f000001', '127.1'], canaryPort),
    held: (result, world) => saysHeld(result) && world.reached() === 0,
  },
  {
    number: 26,
    area: 'network',
    tries: 'to offer a service to neighbours on every address',
    expected: 'contained',
    language: 'perl',
    program: ({ canaryPort }) =>
      `use IO::Socket::INET; my $server = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => ${canaryPort + 1}, Listen => 5, ReuseAddr => 1) or die; if (fork() == 0) { sleep 2; exit } print "held\\n";`,
    async held(result, { neighbour, canaryPort }) {
      const argv = ['perl', '-e', connects(['127.0.0.1', '0.0.0.0'], canaryPort + 1)] as const;
      const caller = await neighbour.exec({ argv: [...argv] });
      let seen = '';
      for await (const { bytes } of caller.output()) seen += Buffer.from(bytes).toString('utf8');
      return saysHeld(result) && seen.includes('held') && !seen.includes('through');
    },
  },
  {
    number: 27,
    area: 'network',
    tries: 'ten thousand connections',
    expected: 'bounded',
    language: 'perl',
    program: ({ canaryPort }) =>
      `use IO::Socket::INET; my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => ${canaryPort + 2}, Listen => 4096); my @all; for (1 .. 10000) { my $one = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => ${canaryPort + 2}, Timeout => 1) or last; push @all, $one } print scalar(@all), " held\\n";`,
    limits: { openFiles: 256, wallMs: 8000 },
    held: (result, world) => saysHeld(result) && Number.parseInt(result.stdout, 10) < 256 && world.reached() === 0,
  },
];

const calls = (numbers: Readonly<Record<string, number>>): string =>
  `my %calls = (${Object.entries(numbers)
    .map(([name, number]) => `${name} => ${number}`)
    .join(
      ', ',
    )}); for my $name (sort keys %calls) { $! = 0; my $answer = syscall($calls{$name}, 0, 0, 0, 0, 0); print "through $name\\n" if $answer >= 0 || ($! != 1 && $! != 38) } print "held\\n";`;

/** Attacks on the kernel and on privileges. */
export const privilegePrograms: readonly HostileProgram[] = [
  {
    number: 42,
    area: 'privilege',
    tries: 'a user namespace of its own',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'unshare -U true 2>/dev/null && echo through; unshare -Urm true 2>/dev/null && echo through; bwrap --unshare-user --ro-bind / / true 2>/dev/null && echo through; echo held',
    held: saysHeld,
  },
  {
    number: 43,
    area: 'privilege',
    tries: 'mount, pivot_root and chroot',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'mkdir -p m; mount -t tmpfs none m 2>/dev/null && echo through; mount --bind / m 2>/dev/null && echo through; umount /proc 2>/dev/null && echo through; mount -o remount,rw / 2>/dev/null && echo through; chroot . /bin/true 2>/dev/null && echo through; pivot_root . m 2>/dev/null && echo through; echo held',
    held: saysHeld,
  },
  {
    number: 44,
    area: 'privilege',
    tries: 'device nodes',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'mknod disk b 8 0 2>/dev/null && echo through; mknod memory c 1 1 2>/dev/null && echo through; for device in /dev/sda /dev/vda /dev/kmsg /dev/mem /dev/kvm /dev/fuse; do head -c 1 $device >/dev/null 2>&1 && echo through; done; echo held',
    held: saysHeld,
  },
  {
    number: 45,
    area: 'privilege',
    tries: 'set-user-id programs',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'cp /usr/bin/id own; chmod 4755 own; [ "$(./own -u)" = 1000 ] || echo through; for program in $(find /usr/bin -perm -4000 2>/dev/null); do case $program in */su) $program -c true </dev/null >/dev/null 2>&1 && echo through;; esac; done; grep -q "NoNewPrivs:.1" /proc/self/status || echo through; echo held',
    held: saysHeld,
  },
  {
    number: 46,
    area: 'privilege',
    tries: "ptrace, and other processes' memory",
    expected: 'blocked',
    language: 'perl',
    program: () =>
      process.arch === 'arm64'
        ? calls({ ptrace: 117, process_vm_readv: 270, process_vm_writev: 271 })
        : calls({ ptrace: 101, process_vm_readv: 310, process_vm_writev: 311 }),
    held: saysHeld,
  },
  {
    number: 47,
    area: 'privilege',
    tries: 'bpf, keyctl, io_uring, userfaultfd, perf_event_open, unshare, clone3',
    expected: 'blocked',
    language: 'perl',
    program: () =>
      process.arch === 'arm64'
        ? calls({ bpf: 280, keyctl: 219, io_uring: 425, userfaultfd: 282, perf: 241, unshare: 97, clone3: 435 })
        : calls({ bpf: 321, keyctl: 250, io_uring: 425, userfaultfd: 323, perf: 298, unshare: 272, clone3: 435 }),
    held: saysHeld,
  },
  {
    number: 48,
    area: 'privilege',
    tries: 'control groups and their release agent',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'ls /sys/fs/cgroup >/dev/null 2>&1 && echo through; mkdir -p c; mount -t cgroup -o memory none c 2>/dev/null && echo through; mount -t cgroup2 none c 2>/dev/null && echo through; echo held',
    held: saysHeld,
  },
  {
    number: 49,
    area: 'privilege',
    tries: 'to write to /proc/sys, /sys and the like',
    expected: 'blocked',
    language: 'sh',
    program: () =>
      'for path in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/overcommit_memory /proc/sysrq-trigger /sys/kernel/uevent_helper /proc/1/oom_score_adj; do (echo x >$path) 2>/dev/null && echo through $path; done; echo held',
    held: saysHeld,
  },
  {
    number: 50,
    area: 'privilege',
    tries: 'to load a module into the kernel',
    expected: 'blocked',
    language: 'perl',
    program: () =>
      process.arch === 'arm64'
        ? calls({ init_module: 105, finit_module: 273, delete_module: 106, kexec_load: 104 })
        : calls({ init_module: 175, finit_module: 313, delete_module: 176, kexec_load: 246 }),
    held: saysHeld,
  },
];
