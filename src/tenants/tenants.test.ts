import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { Fault } from '../domain/fault.ts';
import { modelMatcher } from './key.ts';
import { buildKeyRing, localKey } from './key-ring.ts';
import { Limiter } from './limiter.ts';
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

describe('limits', () => {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const keyOf = (limits: object): typeof localKey => ({ ...localKey, limits });

  it('refuse the request over the rate with the wait until the next one', () => {
    const limiter = new Limiter(clock);
    const key = keyOf({ requestsPerMinute: 2 });
    expect(Fault.is(limiter.admit(key, 1))).toBe(false);
    expect(Fault.is(limiter.admit(key, 1))).toBe(false);
    const refused = limiter.admit(key, 1);
    expect(Fault.is(refused) && refused.retryAfterMs).toBe(30_000);
    nowMs += 30_000;
    expect(Fault.is(limiter.admit(key, 1))).toBe(false);
  });

  it('reserve tokens before the work and give back what was not used', () => {
    const limiter = new Limiter(clock);
    const key = keyOf({ tokensPerMinute: 1000 });
    const first = limiter.admit(key, 800);
    expect(Fault.is(limiter.admit(key, 800))).toBe(true);
    if (!Fault.is(first)) first.release(100);
    expect(Fault.is(limiter.admit(key, 800))).toBe(false);
  });

  it('count concurrent requests, once each, across a change of the limits', () => {
    const limiter = new Limiter(clock);
    const first = limiter.admit(keyOf({ concurrent: 1 }), 0);
    const refused = limiter.admit(keyOf({ concurrent: 1 }), 0);
    expect(Fault.is(refused) && refused.message).toContain('1 concurrent requests');
    expect(Fault.is(limiter.admit(keyOf({ concurrent: 1, requestsPerMinute: 100 }), 0))).toBe(true);
    if (!Fault.is(first)) {
      first.release(0);
      first.release(0);
    }
    expect(Fault.is(limiter.admit(keyOf({ concurrent: 1 }), 0))).toBe(false);
    expect(Fault.is(limiter.admit(keyOf({ concurrent: 1 }), 0))).toBe(true);
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
