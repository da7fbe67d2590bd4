import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { runQuietly } from '../../scripts/lib/run-command.mjs';

describe('hostile input from both sides', () => {
  it('neither crashes nor hangs the product, nor makes it answer with a fault of its own', async () => {
    const code = await runQuietly({
      entry: `${repositoryRoot}/scripts/fuzz.mjs`,
      parameters: ['--cases', '5000', '--http', '500'],
      folder: repositoryRoot,
    });
    expect(code).toBe(0);
  }, 240_000);
});
