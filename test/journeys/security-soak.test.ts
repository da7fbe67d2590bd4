import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { runQuietly } from '../../scripts/lib/run-command.mjs';

describe('many requests, one in five left by its client', () => {
  it('[scenario 77] leave no exchange, upstream call or memory behind', async () => {
    const entry = `${repositoryRoot}/scripts/soak.mjs`;
    expect(await runQuietly({ entry, parameters: ['--requests', '4000'], folder: repositoryRoot })).toBe(0);
  }, 240_000);
});
