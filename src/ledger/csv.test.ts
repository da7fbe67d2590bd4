import { expect, test } from 'vitest';
import { csvLine } from './csv.ts';

test('cells with commas, quotes and breaks are quoted', () => {
  expect(csvLine(['a,b', 'say "hi"', 'two\nlines', null, 5n])).toBe('"a,b","say ""hi""","two\nlines",,5\r\n');
});

test('what a spreadsheet would run as a formula is text; negative numbers stay numbers', () => {
  expect(csvLine(['=HYPERLINK("x")', '+1+1', '@SUM(A1)', '-2+3', '\t=1'])).toBe(
    `"'=HYPERLINK(""x"")",'+1+1,'@SUM(A1),'-2+3,'\t=1\r\n`,
  );
  expect(csvLine([-5n, '-0.25', -7])).toBe('-5,-0.25,-7\r\n');
});
