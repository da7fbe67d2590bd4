import { describe, expect, it } from 'vitest';
import type { Frame } from '../../protocols/contract.ts';
import { HeldFrames } from './held-frames.ts';

const frame = (text: string): Frame => ({ bytes: Buffer.from(text), parts: [], terminal: false, usageOnly: false });

describe('held frames', () => {
  it('are given away once, in their order, and weigh what their bytes do', () => {
    const held = new HeldFrames();
    held.begin();
    held.add(frame('one'));
    held.add(frame('three'));
    expect(held.sizeBytes).toBe(8);
    expect(held.take().map(({ bytes }) => bytes.toString())).toEqual(['one', 'three']);
    expect(held.sizeBytes).toBe(0);
    expect(held.take()).toEqual([]);
  });

  it('of a host that begins its answer again are only those of the second beginning', () => {
    const held = new HeldFrames();
    held.add(frame('before'));
    held.begin();
    held.add(frame('first'));
    held.begin();
    held.add(frame('second'));
    expect(held.take().map(({ bytes }) => bytes.toString())).toEqual(['second']);
  });
});
