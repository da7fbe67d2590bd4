import type { RequestHead } from '../../protocols/index.ts';
import type { Spender } from '../../tenants/index.ts';
import type { Received } from '../received.ts';

/** On whose behalf a request spends. A browser-safe token says for which end user and job, whatever the body says. */
export function spenderOf({ key, controls }: Received, head: RequestHead, job: string | undefined): Spender {
  return {
    customer: key.customer,
    key: key.name,
    endUser: key.endUser ?? head.endUser,
    job,
    project: key.project,
    feature: controls.feature ?? head.feature,
    token: key.token,
  };
}
