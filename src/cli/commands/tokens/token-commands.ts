import type { AccessToken } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readChoice, readInstant } from '../../shell/read-money.ts';
import { writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, time, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const columns: Columns<AccessToken> = {
  id: (token) => token.id,
  name: (token) => token.name,
  role: (token) => token.role,
  customer: (token) => token.customerId ?? undefined,
  prefix: (token) => token.prefix,
  status: (token) => token.status,
  expires: (token) => time(token.expiresAtMs),
};

/**
 * Lists credentials for the control API.
 *
 * @example
 * switchyard tokens list
 */
export const tokensListCommand = defineCommand({
  description: 'List credentials for the control API',
  args: shared,
  async run(args, terminal) {
    writeRows(terminal, await connect(args, terminal).accessTokens.list({ limit: 200 }), { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Makes a credential for the control API and shows its secret once.
 *
 * @example
 * switchyard tokens create books --role finance
 * switchyard tokens create portal --role viewer --customer acme
 */
export const tokensCreateCommand = defineCommand({
  description: 'Make a credential for the control API; its secret is shown this once',
  args: {
    name: { type: 'positional', required: true, description: 'What it is for' },
    role: { type: 'string', required: true, description: 'owner, operator, finance or viewer' },
    customer: { type: 'string', description: 'Binds a viewer to one customer: it reads nothing else' },
    expires: { type: 'string', description: 'When it ends: a date or milliseconds since the epoch' },
    ...shared,
  },
  async run(args, terminal) {
    const made = await connect(args, terminal).accessTokens.create({
      name: args.name,
      role: readChoice('role', args.role, ['owner', 'operator', 'finance', 'viewer']),
      customer: args.customer,
      expiresAtMs: args.expires === undefined ? undefined : readInstant('expires', args.expires),
    });
    writeObject(terminal, made, args.json);
    if (args.json !== true) writeLine(terminal, 'The secret is not kept: it cannot be shown again.');
    return exitCodes.ok;
  },
});

/**
 * Ends a credential for the control API.
 *
 * @example
 * switchyard tokens revoke token_0198…
 */
export const tokensRevokeCommand = defineCommand({
  description: 'End a credential for the control API at once',
  args: { id: { type: 'positional', required: true, description: 'Id of the token' }, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).accessTokens.revoke(args.id), args.json);
    return exitCodes.ok;
  },
});
