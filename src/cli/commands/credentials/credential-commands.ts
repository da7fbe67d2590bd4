import type { ProviderCredential, TokenSigner } from '../../../sdk/index.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readInstant } from '../../shell/read-money.ts';
import { writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, time, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const customer = { type: 'positional', required: true, description: 'Id of the customer' } as const;
const signerId = { type: 'positional', required: true, description: 'Id of the signer' } as const;
const host = { type: 'string', required: true, description: 'Name of the host' } as const;
const credentialColumns: Columns<ProviderCredential> = {
  host: (one) => one.host,
  'ends in': (one) => one.hint,
  updated: (one) => time(one.updatedAtMs),
};
const signerColumns: Columns<TokenSigner> = {
  id: (signer) => signer.id,
  key: (signer) => signer.key,
  algorithm: (signer) => signer.algorithm,
  status: (signer) => signer.status,
  made: (signer) => time(signer.createdAtMs),
};

/**
 * Lists a customer's own keys at hosts.
 *
 * @example
 * switchyard credentials list acme
 */
export const credentialsListCommand = defineCommand({
  description: "List a customer's own keys at hosts, without their secrets",
  args: { customer, ...shared },
  async run(args, terminal) {
    const answer = await connect(args, terminal).providerCredentials.list(args.customer);
    writeRows(terminal, answer, { columns: credentialColumns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Keeps a customer's own key for a host; the secret comes from an environment variable, never from the command line.
 *
 * @example
 * ACME_KEY=sk-… switchyard credentials set acme --host openai --from-env ACME_KEY
 */
export const credentialsSetCommand = defineCommand({
  description: "Keep a customer's own key for a host, sealed",
  args: {
    customer,
    host,
    'from-env': { type: 'string', required: true, description: 'Environment variable that holds the secret' },
    ...shared,
  },
  async run(args, terminal) {
    const secret = terminal.environment[args['from-env']]?.trim() ?? '';
    if (secret === '') throw new CliError(`the environment variable ${args['from-env']} is not set`);
    const kept = await connect(args, terminal).providerCredentials.set(args.customer, { host: args.host, secret });
    writeObject(terminal, kept, args.json);
    return exitCodes.ok;
  },
});

/**
 * Forgets a customer's own key for a host.
 *
 * @example
 * switchyard credentials remove acme --host openai
 */
export const credentialsRemoveCommand = defineCommand({
  description: "Forget a customer's own key for a host",
  args: { customer, host, ...shared },
  async run(args, terminal) {
    await connect(args, terminal).providerCredentials.remove(args.customer, { host: args.host });
    writeObject(terminal, { customer: args.customer, host: args.host, status: 'removed' }, args.json);
    return exitCodes.ok;
  },
});

/**
 * Lists what verifies tokens of end users.
 *
 * @example
 * switchyard signers list acme
 */
export const signersListCommand = defineCommand({
  description: "List what verifies the tokens that a customer's backend signs",
  args: { customer, ...shared },
  async run(args, terminal) {
    const answer = await connect(args, terminal).tokenSigners.list(args.customer);
    writeRows(terminal, answer, { columns: signerColumns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Lets a customer's backend sign tokens.
 *
 * @example
 * switchyard signers create shop
 */
export const signersCreateCommand = defineCommand({
  description: "Let a customer's backend sign tokens that act as a key, with less; the secret is shown this once",
  args: { key: { type: 'positional', required: true, description: 'Name of the key' }, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).tokenSigners.create({ key: args.key }), args.json);
    if (args.json !== true) writeLine(terminal, 'The secret is sealed: it cannot be shown again.');
    return exitCodes.ok;
  },
});

/**
 * Refuses every token of a signer, or one.
 *
 * @example
 * switchyard signers revoke signer_0198…
 * switchyard signers revoke signer_0198… --token abc --expires 2026-11-30
 */
export const signersRevokeCommand = defineCommand({
  description: 'Refuse every token of a signer from now on, or one of them',
  args: {
    id: signerId,
    token: { type: 'string', description: 'Only the token with this jti' },
    expires: { type: 'string', description: 'When that token ends: it is remembered until then' },
    ...shared,
  },
  async run(args, terminal) {
    const { tokenSigners } = connect(args, terminal);
    if (args.token === undefined) writeObject(terminal, await tokenSigners.revoke(args.id), args.json);
    else {
      const expiresAtMs = readInstant('expires', args.expires ?? '');
      await tokenSigners.revokeToken(args.id, { tokenId: args.token, expiresAtMs });
      writeObject(terminal, { id: args.id, tokenId: args.token, status: 'revoked' }, args.json);
    }
    return exitCodes.ok;
  },
});
