import { expect, it } from 'vitest';
import type { SandboxSummary } from '../../../runtime/index.ts';
import { sandboxRoutes } from './sandbox-routes.ts';

it('sandboxes are listed by their key, also those of the owner, whose key has a colon in its name', async () => {
  const own = { id: `sbx${'0'.repeat(32)}`, key: 'owner:owner' } as SandboxSummary;
  const [list] = sandboxRoutes({
    sandboxes: { summaries: () => Promise.resolve([own]), kill: () => Promise.resolve(false) },
  });
  expect(list?.schemas.query?.safeParse({ key: 'owner:owner' }).success).toBe(true);
  expect(list?.schemas.query?.safeParse({ key: '' }).success).toBe(false);
});
