const firstMs = 2;
const mostMs = 25;
const defaultLimitMs = 60_000;

/**
 * Resolves once the condition holds; rejects with its name when it never does. Looks ever more seldom: looking costs
 * time that the machine needs for what is waited for.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = defaultLimitMs,
): Promise<void> {
  const startedMs = performance.now();
  for (let pauseMs = firstMs; !(await condition()); pauseMs = Math.min(mostMs, pauseMs * 1.2)) {
    if (performance.now() - startedMs > limitMs) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
