import { describe, expect, it } from 'vitest';
import { readFiles } from './read-files.ts';

const page = '--- file: public/index.html\n<h1>hello</h1>\n--- end';

describe('files in the answer of a model', () => {
  it('are read between their lines, whatever is said around them', () => {
    const read = readFiles(`Here you are:\n${page}\n\n--- file: src/index.js\nexport default {}\n--- end\nEnjoy!`);
    expect(read).toEqual([
      { path: 'public/index.html', bytes: Buffer.from('<h1>hello</h1>\n') },
      { path: 'src/index.js', bytes: Buffer.from('export default {}\n') },
    ]);
  });

  it('lose a fence that a model put around them', () => {
    const read = readFiles('--- file: a.js\n```js\nlet a = "```";\n```\n--- end');
    expect(read).toEqual([{ path: 'a.js', bytes: Buffer.from('let a = "```";\n') }]);
  });

  it.each([
    ['', 'holds no file'],
    ['<html></html>', 'holds no file'],
    ['--- file: a.html\n<p>', 'has no line'],
    ['--- file: a.html\n<p>\n--- file: b.html\n--- end', 'before the next file'],
    [`${page}\n${page}`, 'twice'],
    ['--- file: ../a.html\n<p>\n--- end', 'leaves its folder'],
    ['--- file: /etc/passwd\nroot\n--- end', 'is absolute'],
    ['--- file: \n<p>\n--- end', 'is empty'],
    [Array.from({ length: 101 }, (_, at) => `--- file: f${at}\n--- end`).join('\n'), 'more than 100'],
  ])('are refused with a sentence for the model: %j', (answer, problem) => {
    expect(readFiles(answer)).toContain(problem);
  });
});
