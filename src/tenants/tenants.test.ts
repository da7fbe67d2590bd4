import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { modelMatcher } from './key.ts';
import { buildKeyRing } from './key-ring.ts';
import { ownerTokenMatcher, readOwnerToken } from './owner-token.ts';

describe('keys', () => {
  it('are found by their secret and hold it nowhere', () => {
    const { config } = parseConfig('keys: [{ name: dev, secret: "env:DEV", models: ["openai/*", small] }]');
    if (!config) throw new Error('the test configuration is wrong');
    const secrets = { environment: { DEV: 'top-secret' }, directory: '.' };
    const ring = buildKeyRing({ file: 'x', exists: true, isBlank: false, config, secrets, warnings: [] });
    expect(ring.find('top-secret')?.name).toBe('dev');
    expect(ring.find('top-secre')).toBeUndefined();
    expect(ring.isEmpty).toBe(false);
    expect(JSON.stringify(ring.find('top-secret'))).not.toContain('top-secret');
  });

  it('match models by name and by star', () => {
    const mayUse = modelMatcher(['openai/*', 'small', '*-mini']);
    expect(['openai/gpt', 'small', 'x-mini'].map(mayUse)).toEqual([true, true, true]);
    expect(['openai', 'smaller', 'mini', 'anthropic/x'].map(mayUse)).toEqual([false, false, false, false]);
    expect(modelMatcher(['a.c'])('abc')).toBe(false);
    expect(modelMatcher(['a.c*'])('abcd')).toBe(false);
  });
});

describe('the owner token', () => {
  it('is made once, readable by its owner only, and can come from the environment', () => {
    const directory = mkdtempSync(join(tmpdir(), 'switchyard-owner-'));
    const made = readOwnerToken(join(directory, 'data'), undefined);
    const again = readOwnerToken(join(directory, 'data'), undefined);
    expect([made.isNew, again.isNew]).toEqual([true, false]);
    expect(again.token).toBe(made.token);
    expect(statSync(made.file ?? '').mode & 0o777).toBe(0o600);
    expect(readFileSync(made.file ?? '', 'utf8').trim()).toBe(made.token);
    expect(readOwnerToken(directory, ' given ')).toEqual({ token: 'given', isNew: false, file: undefined });
    expect([made.token, 'wrong', ''].map(ownerTokenMatcher(made.token))).toEqual([true, false, false]);
    rmSync(directory, { recursive: true, force: true });
  });
});
