import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readGatewayId } from './gateway-id.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-gateway-id-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the name of a gateway', () => {
  it('differs among data folders that share a database, and stays', () => {
    const [one, other] = ['one', 'other'].map((name) => readGatewayId(join(folder, name), true));
    expect(one).toMatch(/^gw-[0-9a-f]{12}$/);
    expect(other).not.toBe(one);
    expect(readGatewayId(join(folder, 'one'), true)).toBe(one);
    expect(readGatewayId(join(folder, 'one'), false)).toBe(one);
  });

  it('is that of the journal which a folder holds already', () => {
    mkdirSync(join(folder, 'journal', 'gw1'), { recursive: true });
    expect(readGatewayId(folder, true)).toBe('gw1');
  });

  it('is the usual one where a gateway is alone', () => {
    expect(readGatewayId(folder, false)).toBe('gw1');
  });
});
