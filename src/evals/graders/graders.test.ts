import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { codeIn } from '../../domain/calls/code-block.ts';
import type { CodeResult, CodeRunner } from './code.ts';
import type { Grade, GradedAnswer } from './grader.ts';
import { createGraders, gradersFor } from './graders.ts';
import { instructionIds } from './instructions.ts';

const graders = createGraders();

async function grade(expected: JsonObject, answer: string | GradedAnswer, by = graders): Promise<Grade> {
  const found = gradersFor(expected, by);
  if ('problem' in found) throw new Error(found.problem);
  const [grader] = found;
  if (!grader) throw new Error('there is no grader');
  return grader.grade(typeof answer === 'string' ? { text: answer } : answer, expected);
}

describe('graders', () => {
  it.each<[JsonObject, string, Grade['verdict']]>([
    [{ exact: 'Paris' }, '  Paris\n', 'pass'],
    [{ exact: 'Paris' }, 'paris', 'fail'],
    [{ exact: 'é' }, 'e\u0301', 'pass'],
    [{ normalised: ['The Eiffel Tower', 'Tour Eiffel'] }, 'eiffel tower.', 'pass'],
    [{ normalised: 'four' }, 'five', 'fail'],
    [{ numeric: '1234.5' }, 'It makes 3 boxes.\nAnswer: $1,234.50', 'pass'],
    [{ numeric: '18' }, 'A: 17\nA: 18', 'pass'],
    [{ numeric: 18 }, 'So it is **18** eggs', 'pass'],
    [{ numeric: 0.3, tolerance: 0.01 }, 'about 0.305', 'pass'],
    [{ numeric: 0.3 }, '0.305', 'fail'],
    [{ numeric: -5 }, '−5', 'pass'],
    [{ numeric: 8, marker: 'A:' }, 'it is 8', 'fail'],
    [{ numeric: 7 }, 'no idea', 'fail'],
    [{ choice: 'C' }, 'C', 'pass'],
    [{ choice: 'C' }, 'The answer is (C).', 'pass'],
    [{ choice: 'C' }, '**C)** because of the heat', 'pass'],
    [{ choice: 'C' }, 'The answer is A. Or rather: the answer is C.', 'fail'],
    [{ choice: 'A' }, 'This is a hard question', 'fail'],
    [{ choice: 'B' }, String.raw`Thus \boxed{B}`, 'pass'],
    [{ schema: { type: 'object', required: ['a'] } }, '```json\n{"a":1}\n```', 'pass'],
    [{ schema: { type: 'object', required: ['a'] } }, '{"b":1}', 'fail'],
    [{ schema: { type: 'object' } }, 'Sure! {"a":1}', 'fail'],
    [{ instructions: [{ id: 'punctuation:no_comma' }] }, 'no such sign', 'pass'],
    [{ instructions: [{ id: 'detectable_format:title' }] }, '<<A title>>\n…', 'pass'],
    [{ instructions: [{ id: 'change_case:english_lowercase' }] }, 'etchings', 'unknown'],
  ])('by %j find %j to be a %s', async (expected, text, verdict) => {
    expect((await grade(expected, text)).verdict).toBe(verdict);
  });

  it('say why an answer is wrong', async () => {
    expect((await grade({ exact: 'x' }, 'y')).reasons).toEqual(['"y" is not "x"']);
    expect((await grade({ choice: 'C' }, 'answer: A. answer: B')).reasons[0]).toContain('several letters');
  });

  it.each<[JsonObject, string]>([
    [{}, 'say what is right'],
    [{ judge: { criterion: 'kind' } }, 'a judge never decides alone'],
    [{ numeric: 'many' }, 'the right number'],
    [{ numeric: 1, tolerance: -1 }, 'largest difference'],
    [{ choice: 'E', choices: 4 }, 'beyond the 4 choices'],
    [{ schema: { type: 'strange' } }, 'cannot be used'],
    [{ schema: 'text' }, 'a JSON Schema'],
    [{ calls: [{ a: { b: 1 } }] }, 'list of its allowed values'],
    [{ instructions: [{ id: 'poetry:rhymes' }] }, 'no check of "poetry:rhymes"'],
    [{ code: { language: 'python', tests: '' } }, 'no sandbox'],
    [{ normalised: '...' }, 'the right answer'],
  ])('refuse %j before any money is spent: %s', (expected, problem) => {
    expect(gradersFor(expected, graders)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('know all 25 kinds of instructions', () => {
    expect(new Set(instructionIds).size).toBe(25);
  });
});

describe('the grader of tool calls', () => {
  const calls = [
    { 'spotify.play': { artist: ['Maroon 5'], minutes: [15, 20, ''] } },
    { 'spotify.play': { artist: ['Queen', 'Maroon 5'], minutes: [''] } },
  ];
  const call = (args: object, name = 'spotify_play') => ({ name, arguments: JSON.stringify(args) });

  it('finds the assignment of parallel calls where a greedy one would fail', async () => {
    const answer = { text: '', calls: [call({ artist: 'Maroon 5' }), call({ artist: 'maroon-5', minutes: 20 })] };
    expect((await grade({ calls }, answer)).verdict).toBe('pass');
  });

  it.each([
    [[call({ artist: 'Queen' })], '1 calls instead of 2'],
    [[call({ artist: 'Queen' }), call({ artist: 'Abba' })], 'artist is'],
    [[call({ artist: 'Queen' }), call({ artist: 'Maroon 5', loud: true })], 'loud is no argument'],
    [[call({ artist: 'Queen' }), { name: 'spotify.play', arguments: '{' }], 'no JSON object'],
  ])('says what is wrong with %j: %s', async (given, reason) => {
    const { verdict, reasons } = await grade({ calls }, { text: '', calls: given });
    expect([verdict, reasons.join()]).toEqual(['fail', expect.stringContaining(reason)]);
  });
});

describe('graders that need others', () => {
  const runnerOf = (result: CodeResult): CodeRunner => ({ languages: ['python'], run: () => Promise.resolve(result) });
  const code = { language: 'python', tests: 'assert f() == 1' };

  it('run code in the sandbox they are given, and a broken sandbox is no wrong answer', async () => {
    const by = (result: CodeResult) => createGraders({ codeRunner: runnerOf(result) });
    expect((await grade({ code }, 'x', by({ kind: 'passed' }))).verdict).toBe('pass');
    expect((await grade({ code }, 'x', by({ kind: 'failed', reason: 'f is not defined' }))).verdict).toBe('fail');
    expect((await grade({ code }, 'x', by({ kind: 'broken', reason: 'no memory' }))).score).toBeNull();
    expect(gradersFor({ code: { language: 'cobol', tests: '' } }, by({ kind: 'passed' }))).toHaveProperty('problem');
    expect(codeIn('Here:\n```python\nshort\n```\nand\n```\nthe longer one\n```')).toBe('the longer one\n');
  });

  it.each([
    [200, '{"score":0.25,"reasons":["half the facts"]}', 'fail', 0.25],
    [200, '{"score":1}', 'pass', 1],
    [200, '{"score":7}', 'unknown', null],
    [200, 'oops', 'unknown', null],
    [500, '', 'unknown', null],
  ])('ask a service over HTTP: status %d and %j is %s', async (...[status, text, verdict, score]) => {
    const caller = { post: () => Promise.resolve({ status, text }) };
    const by = createGraders({ http: { url: 'http://grader', caller } });
    expect(await grade({ http: { facts: 3 } }, 'x', by)).toMatchObject({ verdict, score });
  });

  it('take a service that cannot be reached for nothing said', async () => {
    const caller = { post: () => Promise.reject(new Error('refused')) };
    const by = createGraders({ http: { url: 'http://grader', caller } });
    expect(await grade({ http: {} }, 'x', by)).toMatchObject({
      verdict: 'unknown',
      reasons: [expect.stringContaining('refused')],
    });
  });
});
