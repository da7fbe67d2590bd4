import { z } from 'zod';
import { secretReference } from './secret-reference.ts';

const reference = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

/** Where customers, prices and the ledger are kept. */
export const databaseSchema = z
  .string()
  .refine(isDatabaseSetting, {
    message:
      'must be "embedded", "pglite", "off", a reference env:NAME or file:PATH to the URL of a Postgres server, or such a URL without a password',
  })
  .default('embedded')
  .meta({
    description:
      '`embedded`: a Postgres server of our own in the data folder. `env:NAME` or `file:PATH`: the URL of a server from version 15 on; a literal URL only without a password. `pglite`: a database inside the process that never waits for the disk, for trials where no server can run. `off`: a gateway without money.',
  });

/** Where several gateways count rate limits together. */
export const sharedRatesSchema = z
  .strictObject({
    redis: secretReference.meta({
      description: 'URL of a Redis or Valkey server, as `env:NAME` or `file:PATH`; needs the package `ioredis`.',
    }),
  })
  .meta({
    description:
      'Rate limits that all gateways count together, strictly. Without it, and while the server is away, each gateway keeps to an equal share of every limit.',
  });

function isDatabaseSetting(setting: string): boolean {
  if (['embedded', 'pglite', 'off'].includes(setting) || reference.test(setting)) return true;
  if (!/^postgres(ql)?:\/\//.test(setting) || !URL.canParse(setting)) return false;
  return new URL(setting).password === '' && !/[?&]password=/.test(setting);
}
