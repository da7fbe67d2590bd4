import { setTimeout as wait } from 'node:timers/promises';

const patienceMs = 30_000;
const stepMs = 20;

/** Waits until a condition holds, and fails with its name when it never does. */
export async function waitFor(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += stepMs) {
    if (waitedMs > patienceMs) throw new Error(`waited in vain: ${what}`);
    await wait(stepMs);
  }
}
