import { type ConfigDraft, toTimerMs } from './config-draft.ts';
import { formatSettingPath } from './import-report.ts';
import { isSecretLike, type SecretVault, toVariable } from './secret-vault.ts';
import type { Setting } from './setting.ts';

/** What every importer works with. */
export interface ImportContext {
  readonly draft: ConfigDraft;
  readonly secrets: SecretVault;
  /** How the input refers to a variable; its first group is the name. */
  readonly variablePattern: RegExp;
  /** Value of a variable, for addresses and regions, which our configuration wants literally. */
  readVariable(name: string): string | undefined;
}

/** Reads a secret as a reference: the input's own variable, or a new one for a literal secret. */
export function readReference(setting: Setting, wanted: string, context: ImportContext): string | undefined {
  const { text } = setting;
  if (text === undefined) {
    setting.unsupported('empty; nothing was written for it');
    return undefined;
  }
  const named = context.variablePattern.exec(text)?.[1];
  if (named !== undefined && /^[A-Za-z_]\w*$/.test(named)) {
    context.secrets.reserve(named);
    setting.kept(`as env:${named}`);
    return `env:${named}`;
  }
  if (named !== undefined) {
    setting.changed(`as env:${toVariable(named)}, since "${named}" can be no name of a variable`);
    return `env:${toVariable(named)}`;
  }
  const reference = context.secrets.move(text, wanted, formatSettingPath(setting.path));
  setting.changed(`the secret itself is not written: put it into the variable ${reference.slice('env:'.length)}`);
  return reference;
}

/** Reads what our configuration wants literally, such as a region; a variable is replaced by its present value. */
export function readLiteral(setting: Setting, placeholder: string, context: ImportContext): string | undefined {
  const { text } = setting;
  if (text === undefined) {
    setting.unsupported('empty; nothing was written for it');
    return undefined;
  }
  const named = context.variablePattern.exec(text)?.[1];
  if (named === undefined) {
    setting.kept('as it is');
    return text;
  }
  const value = context.readVariable(named)?.trim();
  if (value !== undefined && value !== '' && !isSecretLike('', value)) {
    setting.changed(`the present value of ${named} is written: only secrets can be taken from variables`);
    return value;
  }
  setting.unsupported(`${named} has no value here: replace ${placeholder} in the written file by it`);
  return placeholder;
}

/** What of an address must not or need not be written. */
const endpointSuffix = /\/(chat\/completions|completions|responses|messages|embeddings|api\/(chat|generate))\/?$/;

/** Reads an address: without credentials, query and route, and with the version segment where one is missing. */
export function readBaseUrl(setting: Setting, version: string, context: ImportContext): string | undefined {
  const placeholder = 'http://replace-this-address.invalid';
  const text = readLiteral(setting, placeholder, context);
  if (text === undefined || text === placeholder) return text;
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    setting.unsupported(`this is no http address: replace ${placeholder} in the written file`);
    return placeholder;
  }
  const url = new URL(text);
  const hadSecret = url.username !== '' || url.password !== '' || url.search !== '';
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  url.pathname = url.pathname.replace(endpointSuffix, '').replace(/\/+$/, '');
  if (/^\/?$/.test(url.pathname)) url.pathname = version;
  const written = url.href.replace(/\/+$/, '');
  const differs = written !== text.replace(/\/+$/, '');
  if (hadSecret) setting.changed(`written as ${written}, without the credentials or query it held`);
  else if (differs) setting.changed(`written as ${written}: the address includes the version and no route`);
  return written;
}

/** Reads extra headers; those that may hold a secret are left out, since headers stand in the file as they are. */
export function readHeaders(setting: Setting | undefined, context: ImportContext): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, one] of setting?.entries() ?? []) {
    const { text } = one;
    if (text === undefined || context.variablePattern.test(text) || isSecretLike(name, text)) {
      one.unsupported('headers stand in the file as they are and cannot take a secret or a variable; use apiKey');
    } else {
      headers[name] = text;
      one.kept(`as header ${name} of the host`);
    }
  }
  return headers;
}

/** Reads a time in seconds as milliseconds, at most a day; undefined when it is none. */
export function readSeconds(setting: Setting): number | undefined {
  const seconds = setting.number;
  if (seconds === undefined || !(seconds > 0)) {
    setting.unsupported('no positive number of seconds; the default applies');
    return undefined;
  }
  return toTimerMs(seconds * 1000);
}
