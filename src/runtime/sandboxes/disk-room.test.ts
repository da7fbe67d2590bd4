import { describe, expect, it } from 'vitest';
import type { Execution, Sandbox } from '../contract.ts';
import { DiskRoom } from './disk-room.ts';
import { SandboxFiles } from './sandbox-files.ts';

describe('room on a disk', () => {
  function world(mostBytes: number) {
    const disk: { bytes: number | null; looks: number } = { bytes: 0, looks: 0 };
    const room = new DiskRoom({
      measure: () => {
        disk.looks += 1;
        return Promise.resolve(disk.bytes);
      },
      mostBytes: () => mostBytes,
      nowMs: () => 0,
    });
    return { disk, room };
  }

  it('is taken by bytes before they are written, and looked for anew before somebody is refused', async () => {
    const { disk, room } = world(100);
    expect([await room.take(60), await room.take(40), disk.looks]).toEqual([true, true, 0]);
    disk.bytes = 60;
    expect([await room.take(40), disk.looks]).toEqual([true, 1]);
    disk.bytes = 100;
    expect([await room.take(1), disk.looks]).toEqual([false, 2]);
    await room.look();
    await expect(room.require()).rejects.toMatchObject({ code: 'too_large', param: 'disk' });
    disk.bytes = 99;
    await room.require();
  });

  it('is looked for once at a time, and not at all when it is known well enough', async () => {
    const { disk, room } = world(100);
    await Promise.all([room.look(), room.look()]);
    await room.look(1000);
    expect(disk.looks).toBe(1);
  });

  it('is none where a disk cannot be looked through', async () => {
    const { disk, room } = world(100);
    disk.bytes = null;
    await room.look();
    expect(room.isOver).toBe(true);
  });

  it('bounds an upload while it comes', async () => {
    const { room, disk } = world(1_000_000);
    const written = { bytes: 0, isClosed: false };
    const execution = {
      output: async function* output() {
        yield await new Promise<never>(() => undefined);
      },
      exited: new Promise(() => undefined),
      writeInput: (bytes: Uint8Array) => {
        written.bytes += bytes.length;
        disk.bytes = written.bytes;
        return Promise.resolve(true);
      },
      closeInput: () => void (written.isClosed = true),
      kill: () => undefined,
    } as unknown as Execution;
    const sandbox = { home: '/home/user', exec: () => Promise.resolve(execution) } as unknown as Sandbox;
    const files = new SandboxFiles(() => Promise.resolve(sandbox), { fileBytes: 2 ** 30, disk: room });
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 1000; piece += 1) yield await Promise.resolve(new Uint8Array(50_000));
    }
    async function* one() {
      yield await Promise.resolve({ path: 'x', metadata: {}, bytes: endless() });
    }
    await expect(files.write(one())).rejects.toMatchObject({ code: 'too_large', param: 'disk' });
    expect(written.bytes).toBeLessThan(1_001_000);
    expect(written.isClosed).toBe(true);
  });
});
