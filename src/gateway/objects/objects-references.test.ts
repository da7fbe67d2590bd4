import { describe, expect, it } from 'vitest';
import { fileIdsIn, mentionsFiles } from './objects-references.ts';

describe('references to files', () => {
  it('are found wherever a request hands a file to the model', () => {
    const body = {
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'a' }] }],
      messages: [{ content: [{ type: 'file', file: { file_id: 'b' } }] }],
      tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['c', 7, 'd'] } }],
      text: 'file_id',
    };
    expect(fileIdsIn(body)).toEqual(['a', 'b', 'c', 'd']);
    expect(mentionsFiles(JSON.stringify(body))).toBe(true);
  });

  it('are not overlooked when their key is written in escapes', () => {
    expect(mentionsFiles(String.raw`{"\u0066ile_id":"a"}`)).toBe(true);
    expect(mentionsFiles('{"file":"id"}')).toBe(false);
  });
});
