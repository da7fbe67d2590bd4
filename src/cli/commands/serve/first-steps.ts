import { join } from 'node:path';
import { type Config, loadConfig } from '../../../config/index.ts';

/** What the advice for a fresh start depends on. */
export interface StartContext {
  readonly config?: string | undefined;
  readonly data: string;
  readonly environment: { readonly [name: string]: string | undefined };
}

/** What somebody who just started the product wants to know next: keys, a call to copy, where the token is. */
export function firstSteps(
  product: {
    readonly url: string;
    readonly ownerToken: string;
    readonly ownerTokenIsNew: boolean;
    hints: readonly string[];
  },
  context: StartContext,
): string[] {
  const { config } = loadConfig(context.config ?? 'switchyard.yaml', context.environment, false);
  return [
    '',
    ...product.hints.map((hint) => `  ${hint}`),
    '',
    '  Try it:',
    `  ${curlFor(product.url, config)}`,
    '',
    ...tokenLines(product, context).map((line) => `  ${line}`),
    '',
  ];
}

function curlFor(url: string, config: Config): string {
  const model = Object.keys(config.models)[0] ?? 'sim/small';
  const key = config.keys.find((one) => one.models.includes('*') || one.models.includes(model));
  const variable = key?.secret.startsWith('env:') === true ? `$${key.secret.slice('env:'.length)}` : 'YOUR_KEY';
  const authorization = config.keys.length === 0 ? '' : ` -H "authorization: Bearer ${variable}"`;
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] });
  return `curl ${url}/v1/chat/completions${authorization} -H "content-type: application/json" -d '${body.replaceAll("'", `'\\''`)}'`;
}

function tokenLines(
  product: { readonly ownerToken: string; readonly ownerTokenIsNew: boolean },
  { data, environment }: StartContext,
): string[] {
  const folder = data === '.switchyard' ? '' : ` --data ${data}`;
  const watch = `Watch it: switchyard top${folder}`;
  if (environment['SWITCHYARD_OWNER_TOKEN']?.trim()) return ['Owner token: from SWITCHYARD_OWNER_TOKEN', watch];
  const file = join(data, 'owner-token');
  const shown = product.ownerTokenIsNew ? `${product.ownerToken} (shown once, kept in ${file})` : `in ${file}`;
  return [`Owner token: ${shown}`, watch];
}
