import { request } from 'node:http';
import type { FakeUpstream } from '../../fake-upstream/index.ts';

/**
 * What this machine takes at the moment until an upstream sees that its client has left, with nobody in between: limits
 * of milliseconds are about what the product adds to it.
 */
export async function abortLagMs(fake: FakeUpstream): Promise<number> {
  const before = fake.stats().requests;
  const body = JSON.stringify({ model: 'lag;delay=60000', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
  const outgoing = request(`${fake.baseUrl}/chat/completions`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  await fake.until(({ requests }) => requests > before);
  return fake.timeAbort(() => outgoing.destroy());
}
