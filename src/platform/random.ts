import { randomFillSync } from 'node:crypto';

/** Source of randomness, injected so that decisions can be replayed and tests seeded. */
export interface Random {
  /** Unguessable 32-bit unsigned integer. */
  uint32(): number;
  /** Uniform in [0, 1). */
  unit(): number;
}

const poolBytes = 4096;

/** Cryptographic randomness drawn from a pool, since one system call per number is slow. */
export function createSystemRandom(): Random {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  const uint32 = (): number => {
    if (used >= poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const value = pool.readUInt32LE(used);
    used += 4;
    return value;
  };
  return { uint32, unit: () => uint32() / 0x1_0000_0000 };
}

/** Repeatable numbers from a seed (mulberry32); not for secrets. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { uint32, unit: () => uint32() / 0x1_0000_0000 };
}
