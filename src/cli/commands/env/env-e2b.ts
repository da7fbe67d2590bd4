import { scopedToken } from '../../../platform/scoped-token.ts';
import { CliError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connectionArguments, defaultUrl, ownerTokenOf } from '../../shell/connect.ts';

/**
 * Prints the variables by which clients of the E2B protocol use this gateway.
 *
 * @example
 * eval "$(switchyard env e2b --key sk-…)"
 */
export const envE2bCommand = defineCommand({
  description: 'Print the variables that make the e2b packages use this gateway: eval "$(switchyard env e2b)"',
  args: {
    key: {
      type: 'string',
      description: 'Key of the gateway; else SWITCHYARD_API_KEY, else one made from the owner token for sandboxes only',
    },
    ...connectionArguments,
  },
  run(args, terminal) {
    const { environment } = terminal;
    const url = args.url ?? environment['SWITCHYARD_URL'] ?? defaultUrl;
    if (!URL.canParse(url)) throw new CliError(`"${url}" is no address; it looks like ${defaultUrl}`);
    const { origin, host } = new URL(url);
    const key = args.key ?? environment['SWITCHYARD_API_KEY']?.trim();
    const variables = {
      E2B_API_URL: `${origin}/e2b`,
      E2B_SANDBOX_URL: origin,
      E2B_DOMAIN: host.replace(/^(?:\d+\.\d+\.\d+\.\d+|\[[^\]]*\])/, 'localhost'),
      E2B_API_KEY: key || scopedToken(ownerTokenOf(args, terminal), 'sandboxes'),
      E2B_VALIDATE_API_KEY: 'false',
    };
    for (const [name, value] of Object.entries(variables)) terminal.write(`export ${name}=${quoted(value)}\n`);
    return Promise.resolve(0);
  },
});

/** As a shell reads it back. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_.:/-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
