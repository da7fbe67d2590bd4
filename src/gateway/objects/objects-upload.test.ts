import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { readBatchInput, filePart } from './objects-upload.ts';

function form(content: Buffer): Buffer {
  const head =
    '--xx\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--xx\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n';
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n--xx--\r\n')]);
}

const row = (model: unknown): string => JSON.stringify({ custom_id: '1', body: { model } });

describe('an upload', () => {
  it('gives back the bytes of its file, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const content = Buffer.from(bytes);
        fc.pre(!content.includes('--xx'));
        expect(filePart(form(content), 'multipart/form-data; boundary=xx')?.equals(content)).toBe(true);
      }),
    );
  });

  it('has no file without a boundary, an end or a file name', () => {
    expect(filePart(form(Buffer.from('a')), 'multipart/form-data')).toBeUndefined();
    expect(filePart(Buffer.from('--xx\r\nname="file"; filename="a"\r\n\r\nabc'), 'x; boundary=xx')).toBeUndefined();
    expect(filePart(Buffer.from('--xx\r\nname="a"\r\n\r\nabc\r\n--xx--'), 'x; boundary=xx')).toBeUndefined();
  });

  it('never throws on hostile bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void filePart(Buffer.from(bytes), 'x; boundary=a')));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readBatchInput(Buffer.from(bytes))));
  });
});

describe('a batch input', () => {
  it('names each model once, across line ends and empty lines', () => {
    const text = `\uFEFF${row('a')}\r\n\n${row('b')}\n${row('a')}`;
    expect(readBatchInput(Buffer.from(text))).toMatchObject({ models: ['a', 'b'], fileIds: [] });
  });

  it('says what its rows may use at most, model by model', () => {
    const line = (url: string, body: object): string => JSON.stringify({ custom_id: '1', url, body });
    const text = [
      line('/v1/chat/completions', { model: 'a', messages: [], max_tokens: 100, n: 2 }),
      line('/v1/responses', { model: 'a', input: 'x', max_output_tokens: 50 }),
      line('/v1/chat/completions', { model: 'a', messages: [], n: 3 }),
      line('/v1/embeddings', { model: 'b', input: 'x' }),
    ].join('\n');
    const input = readBatchInput(Buffer.from(text));
    expect(input).toMatchObject({
      demands: [
        { model: 'a', rows: 3, outputTokens: 250, openAnswers: 3 },
        { model: 'b', rows: 1, outputTokens: 0, openAnswers: 0 },
      ],
    });
  });

  it.each([
    ['', 'no rows'],
    ['\n\n', 'no rows'],
    [`${row('a')}\nnonsense`, 'row 2'],
    [row(undefined), 'row 1'],
    [row(7), 'row 1'],
    [JSON.stringify([row('a')]), 'row 1'],
    [Array.from({ length: 101 }, (_, at) => row(`m${at}`)).join('\n'), 'more than 100 models'],
  ])('refuses %j', (text, reason) => {
    const models = readBatchInput(Buffer.from(text));
    expect(Fault.is(models) && models.message).toContain(reason);
  });
});
