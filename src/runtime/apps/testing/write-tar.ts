/** An entry of an archive under test; the type is that of the format, `0` for a file. */
export interface TarInput {
  readonly name: string;
  readonly text?: string;
  readonly type?: string;
  readonly linkTo?: string;
}

/** Writes a tar archive, also one that no tool would make. */
export function writeTar(entries: readonly TarInput[]): Buffer {
  const blocks = entries.flatMap(({ name, text = '', type = '0', linkTo = '' }) => {
    const isLong = Buffer.byteLength(name) > 100;
    const own = [head({ name: name.slice(0, 100), type, linkTo }, Buffer.byteLength(text)), padded(Buffer.from(text))];
    if (!isLong) return own;
    const long = Buffer.from(`${name}\0`);
    return [head({ name: '././@LongLink', type: 'L', linkTo: '' }, long.length), padded(long), ...own];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function head({ name, type, linkTo }: Required<Omit<TarInput, 'text'>>, sizeBytes: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write(linkTo, 157, 100);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
