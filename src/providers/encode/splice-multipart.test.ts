import { expect, test } from 'vitest';
import { spliceMultipartModel } from './splice-multipart.ts';

const contentType = 'multipart/form-data; boundary=----xyz';

function form(model: string): Buffer {
  return Buffer.concat([
    Buffer.from('------xyz\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'),
    Buffer.from([0, 255, 13, 10, 45, 45, 128]),
    Buffer.from(`\r\n------xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}`),
    Buffer.from('\r\n------xyz\r\nContent-Disposition: form-data; name="model_hint"\r\n\r\nkeep\r\n------xyz--\r\n'),
  ]);
}

test('the model of a form is replaced and every other byte kept', () => {
  expect(spliceMultipartModel(form('openai/whisper-1'), contentType, 'whisper-1')).toEqual(form('whisper-1'));
});

test('a quoted boundary is understood', () => {
  const quoted = 'multipart/form-data; boundary="----xyz"';
  expect(spliceMultipartModel(form('a'), quoted, 'b')).toEqual(form('b'));
});

test('a form that names no model is told one', () => {
  const rest = '------xyz\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na boat\r\n------xyz--\r\n';
  const told = '------xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\nimage-1\r\n';
  expect(spliceMultipartModel(Buffer.from(rest), contentType, 'image-1').toString()).toBe(told + rest);
});

test('what is no form, or a broken one, stays as it is', () => {
  const bytes = form('a');
  expect(spliceMultipartModel(bytes, 'application/octet-stream', 'b')).toBe(bytes);
  for (let end = 0; end < bytes.length; end += 7) {
    const cut = bytes.subarray(0, end);
    expect(() => spliceMultipartModel(cut, contentType, 'b')).not.toThrow();
  }
});
