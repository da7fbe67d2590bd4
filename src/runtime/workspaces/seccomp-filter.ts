/** Machines whose system call numbers are known here. */
export type FilterArchitecture = 'x64' | 'arm64';

interface Numbers {
  readonly audit: number;
  /** Calls that no program of a guest needs and that have opened kernels before: refused with EPERM. */
  readonly refused: readonly number[];
  readonly clone: number;
  readonly clone3: number;
  readonly ioctl: number;
  readonly socket: number;
}

/**
 * Refused: ptrace, process_vm_readv, process_vm_writev, syslog, mount, umount2, pivot_root, swapon, swapoff, reboot,
 * init_module, finit_module, delete_module, quotactl, kexec_load, add_key, request_key, keyctl, unshare, setns,
 * perf_event_open, bpf, userfaultfd, io_uring_*, open_by_handle_at, move_pages, acct, settimeofday, the new mount
 * calls, pidfd_getfd.
 */
const numbers: Readonly<Record<FilterArchitecture, Numbers>> = {
  x64: {
    audit: 0xc000003e,
    refused: [
      101, 310, 311, 103, 165, 166, 155, 167, 168, 169, 175, 313, 176, 179, 246, 320, 248, 249, 250, 272, 308, 298, 321,
      323, 425, 426, 427, 304, 279, 163, 164, 428, 429, 430, 431, 432, 433, 438, 442,
    ],
    clone: 56,
    clone3: 435,
    ioctl: 16,
    socket: 41,
  },
  arm64: {
    audit: 0xc00000b7,
    refused: [
      117, 270, 271, 116, 40, 39, 41, 224, 225, 142, 105, 273, 106, 60, 104, 294, 217, 218, 219, 97, 268, 241, 280, 282,
      425, 426, 427, 265, 239, 89, 170, 428, 429, 430, 431, 432, 433, 438, 442,
    ],
    clone: 220,
    clone3: 435,
    ioctl: 29,
    socket: 198,
  },
};

const load = 0x20;
const equal = 0x15;
const greaterOrEqual = 0x35;
const anyBit = 0x45;
const answer = 0x06;
const allow = 0x7fff0000;
const failWith = (errno: number): number => 0x00050000 | errno;
const refusal = failWith(1);
const unknownCall = failWith(38);
const unknownFamily = failWith(97);
const killProcess = 0x80000000;
/** Every CLONE_NEW* flag. */
const newNamespaces = 0x7e020000;
const offset = { call: 0, architecture: 4, argument0: 16, argument1: 24 } as const;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
const families = [1, 2, 10, 16];
/** TIOCSTI and TIOCLINUX type into somebody's terminal. */
const terminalTricks = [0x5412, 0x541c];

/**
 * The filter of system calls for guests, as the kernel takes it (8 bytes an instruction). A list of refusals, not of
 * permissions: interpreters and compilers use more calls than any list of ours would name, and what it refuses is
 * what shared kernels were broken by. clone3 is told as unknown, so that libraries fall back to clone, whose flags
 * can be read.
 */
export function seccompFilter(architecture: FilterArchitecture): Buffer {
  const { audit, refused, clone, clone3, ioctl, socket } = numbers[architecture];
  const whenCall = (call: number, body: readonly Instruction[]): Instruction[] => [
    [equal, 0, body.length, call],
    ...body,
  ];
  return encode([
    [load, 0, 0, offset.architecture],
    [equal, 1, 0, audit],
    [answer, 0, 0, killProcess],
    [load, 0, 0, offset.call],
    // On x86 the same kernel has a second set of numbers behind this bit.
    ...(architecture === 'x64'
      ? ([
          [greaterOrEqual, 0, 1, 0x40000000],
          [answer, 0, 0, unknownCall],
        ] as const)
      : []),
    ...refused.flatMap((call) => whenCall(call, [[answer, 0, 0, refusal]])),
    ...whenCall(clone3, [[answer, 0, 0, unknownCall]]),
    ...whenCall(clone, [
      [load, 0, 0, offset.argument0],
      [anyBit, 0, 1, newNamespaces],
      [answer, 0, 0, refusal],
      [answer, 0, 0, allow],
    ]),
    ...whenCall(ioctl, [
      [load, 0, 0, offset.argument1],
      ...terminalTricks.flatMap((trick): Instruction[] => [
        [equal, 0, 1, trick],
        [answer, 0, 0, refusal],
      ]),
      [answer, 0, 0, allow],
    ]),
    ...whenCall(socket, [
      [load, 0, 0, offset.argument0],
      ...families.flatMap((family): Instruction[] => [
        [equal, 0, 1, family],
        [answer, 0, 0, allow],
      ]),
      [answer, 0, 0, unknownFamily],
    ]),
    [answer, 0, 0, allow],
  ]);
}

/** Code, how far to jump when true and when false, constant. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, constant: number];

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, whenTrue, whenFalse, constant]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(constant >>> 0, index * 8 + 4);
  }
  return bytes;
}
