const everyMs = 2;
const defaultLimitMs = 15_000;

/** Resolves once the condition holds; rejects with its name when it never does. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = defaultLimitMs,
): Promise<void> {
  const startedMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedMs > limitMs) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
