import { describe, expect, it } from 'vitest';
import { PaidOutput } from './paid-output.ts';

describe('paid output', () => {
  it('is never exceeded without an allowance', () => {
    const text = 'word '.repeat(1000);
    expect(new PaidOutput(undefined).isExceededBy([{ type: 'text-delta', index: 0, text }])).toBe(false);
  });

  it('is exceeded by the text that no longer fits, counting what came before', () => {
    const paid = new PaidOutput({ covers: (tokens) => tokens <= 60 });
    const part = { type: 'text-delta', index: 0, text: 'a'.repeat(80) } as const;
    const looks = Array.from({ length: 6 }, () => paid.isExceededBy([part]));
    expect(looks[0]).toBe(false);
    expect(looks.at(-1)).toBe(true);
  });
});
