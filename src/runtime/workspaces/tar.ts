import type { GuestFile } from '../contract.ts';

const blockBytes = 512;

/** An archive of regular files, to be unpacked inside a sandbox: one process there writes any number of files. */
export function tarOf(files: readonly GuestFile[]): Buffer {
  const parts = files.flatMap(({ path, bytes, mode = 0o644 }) => {
    const name = Buffer.from(path, 'utf8');
    const isLong = name.length > 100;
    return [
      // GNU's form for long names: the name as the body of an entry before.
      ...(isLong ? entry({ name: Buffer.from('././@LongLink'), type: 'L', mode: 0 }, Buffer.concat([name, zero])) : []),
      ...entry({ name: name.subarray(0, 100), type: '0', mode: mode & 0o777 }, bytes),
    ];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

const zero = Buffer.alloc(1);

function entry(head: { name: Buffer; type: string; mode: number }, body: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(blockBytes);
  head.name.copy(header, 0);
  header.write(octal(head.mode, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  header.write(octal(body.length, 11), 124, 'latin1');
  header.write(octal(0, 11), 136, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(head.type, 156, 'latin1');
  header.write('ustar  ', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  const padding = (blockBytes - (body.length % blockBytes)) % blockBytes;
  return [header, body, Buffer.alloc(padding)];
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
