import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, readMultipart } from './multipart.ts';

async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, next = 0; at < bytes.length; next += 1) {
    const size = sizes[next % sizes.length] ?? 1;
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}

async function readAll(
  bytes: Buffer,
  boundary: string,
  sizes = [7],
): Promise<{ name: string; file?: string; text: string }[]> {
  const found = [];
  for await (const part of readMultipart(pieces(bytes, sizes), boundary)) {
    const read: Buffer[] = [];
    for await (const piece of part.bytes) read.push(piece);
    found.push({ name: part.name, file: part.fileName ?? '', text: Buffer.concat(read).toString('latin1') });
  }
  return found;
}

describe('forms', () => {
  it('as the platform writes them are read whole, wherever the pieces are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.uint8Array({ maxLength: 300 })), {
          maxLength: 4,
        }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        async (files, sizes) => {
          const form = new FormData();
          for (const [name, bytes] of files) form.append('file', new Blob([new Uint8Array(bytes)]), `f${name}`);
          const request = new Request('http://localhost', { method: 'POST', body: form });
          const boundary = boundaryOf(request.headers.get('content-type') ?? undefined) ?? '';
          const read = await readAll(Buffer.from(await request.arrayBuffer()), boundary, sizes);
          // Line ends in names are written as the platform does: as both, always.
          const lines = (name: string): string => name.replace(/\r\n|\r|\n/g, '\r\n');
          expect(read.map(({ text }) => text)).toEqual(files.map(([, bytes]) => Buffer.from(bytes).toString('latin1')));
          expect(read.map(({ file }) => lines(file ?? ''))).toEqual(files.map(([name]) => lines(`f${name}`)));
        },
      ),
      { numRuns: 60, examples: [[[['\u2028"', new Uint8Array(1)]], [1]]] },
    );
  });

  it('whose parts nobody reads are passed over', async () => {
    const body =
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nskipped\r\n--b\r\nContent-Disposition: form-data; name="c"\r\n\r\nd\r\n--b--';
    const names: string[] = [];
    for await (const { name } of readMultipart(pieces(Buffer.from(body), [3]), 'b')) names.push(name);
    expect(names).toEqual(['a', 'c']);
  });

  it.each([
    ['cut off in a part', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'],
    ['without an end', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b'],
    ['empty', ''],
    ['with an endless head', `--b\r\n${'x'.repeat(20_000)}`],
  ])('that are %s are refused', async (_name, body) => {
    await expect(readAll(Buffer.from(body), 'b')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('are known by their content type', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc');
    expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b"')).toBe('a b');
    expect([boundaryOf('application/octet-stream'), boundaryOf(undefined)]).toEqual([undefined, undefined]);
  });
});
