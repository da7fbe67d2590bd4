import { describe, expect, it } from 'vitest';
import type { Execution, Sandbox } from '../contract.ts';
import { framed, packFields } from './guest/guest-messages.ts';
import { SandboxFiles } from './sandbox-files.ts';

const exit = { code: 0, signal: null, limitsHit: [], startedAtMs: 0, wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 };
const entry = framed(packFields(['f', '5', '33188', '0', 'user', 'user', '', '/home/user/x']));

/** A guest that put something else in the place of our programs; it knows which still run. */
class LyingGuest {
  readonly running = new Set<Execution>();
  most = 0;

  files(says: Iterable<Uint8Array>, lasting = Promise.resolve()): SandboxFiles {
    const exec = (): Promise<Execution> => {
      const end = (): boolean => this.running.delete(execution);
      const execution = {
        output: async function* output() {
          await lasting;
          for (const bytes of says) yield { stream: 'stdout', bytes };
          end();
        },
        exited: Promise.resolve({ ...exit, stdoutBytes: 0, stderrBytes: 0 }),
        kill: end,
      } as unknown as Execution;
      this.running.add(execution);
      this.most = Math.max(this.most, this.running.size);
      return Promise.resolve(execution);
    };
    const sandbox = { home: '/home/user', exec } as unknown as Sandbox;
    const disk = { require: () => Promise.resolve(), take: () => Promise.resolve(true) };
    return new SandboxFiles(() => Promise.resolve(sandbox), { fileBytes: 1000, disk });
  }
}

describe('answers of programs in a sandbox', () => {
  function* endless(bytes: Uint8Array): Generator<Uint8Array> {
    for (;;) yield bytes;
  }

  it.each([
    ['empty messages', () => endless(new Uint8Array(65_536))],
    ['entries without end', () => endless(entry)],
    ['a message that is too large', () => [Buffer.alloc(8, 0xff)]],
    ['an entry of countless fields', () => [framed(Buffer.alloc(8192))]],
  ])('are not believed when they are %s, and who gives them is ended', async (_name, says) => {
    const guest = new LyingGuest();
    await expect(guest.files(says()).list('.', 1)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(guest.running.size).toBe(0);
  });

  it('are refused when there are none', async () => {
    await expect(new LyingGuest().files([]).stat('x')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('are read where they are what was asked for', async () => {
    expect(await new LyingGuest().files([entry]).stat('x')).toMatchObject({ name: 'x', type: 'file', sizeBytes: 5 });
  });

  it('that promise a larger file than there can be are refused', async () => {
    const guest = new LyingGuest();
    await expect(guest.files([Buffer.alloc(8, 1)]).read('x')).rejects.toMatchObject({ code: 'invalid_request' });
    expect(guest.running.size).toBe(0);
  });

  it('are collected a few at a time, and the others wait', async () => {
    const guest = new LyingGuest();
    let go: () => void = () => undefined;
    const files = guest.files(
      [entry],
      new Promise<void>((resolve) => {
        go = resolve;
      }),
    );
    const asked = Promise.all(Array.from({ length: 30 }, () => files.stat('x')));
    await expect.poll(() => guest.running.size).toBe(8);
    go();
    expect(await asked).toHaveLength(30);
    expect(guest.most).toBe(8);
  });
});
