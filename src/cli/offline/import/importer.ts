import { ConfigDraft, type KnownHost } from './config-draft.ts';
import type { ImportContext } from './import-context.ts';
import { ImportReport, type ReportEntry } from './import-report.ts';
import type { SourceValue } from './read-source.ts';
import { type MovedSecret, SecretVault } from './secret-vault.ts';
import { Setting } from './setting.ts';
import { writeConfig } from './write-config.ts';

/** Translates the configuration of another product. */
export interface Importer {
  /** The product's name, for people. */
  readonly product: string;
  /** How its configuration refers to a variable; the first group is the name. */
  readonly variablePattern: RegExp;
  /** Variables whose values stand in the configuration itself. */
  literalVariables?(root: Setting): ReadonlyMap<string, string>;
  /** Fills the draft and says of each setting what became of it. */
  run(root: Setting, context: ImportContext): void;
}

/** What an import is made from. */
export interface ImportInput {
  readonly source: SourceValue;
  /** Name of the file, for the head of what is written. */
  readonly file: string;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly knownHosts: readonly KnownHost[];
}

/** What an import yields. */
export interface ImportResult {
  /** Text of `switchyard.yaml`. */
  readonly config: string;
  /** One entry per setting of the input, none left out. */
  readonly entries: readonly ReportEntry[];
  readonly secrets: readonly MovedSecret[];
}

/** Runs an importer over an input. */
export function runImporter(importer: Importer, input: ImportInput): ImportResult {
  const report = new ImportReport(input.source);
  const root = new Setting(input.source, report);
  const secrets = new SecretVault();
  const draft = new ConfigDraft(input.knownHosts);
  reserveVariables(root, importer.variablePattern, secrets);
  const literal = importer.literalVariables?.(root);
  importer.run(root, {
    draft,
    secrets,
    variablePattern: importer.variablePattern,
    readVariable: (name) => literal?.get(name) ?? input.environment[name],
  });
  const moved = secrets.moved();
  return {
    config: writeConfig(draft, { product: importer.product, file: input.file, secrets: moved }),
    entries: report.entries(),
    secrets: moved,
  };
}

/** A literal secret must not move into a variable that another setting refers to. */
function reserveVariables(setting: Setting, pattern: RegExp, secrets: SecretVault): void {
  const named = pattern.exec(setting.text ?? '')?.[1];
  if (named !== undefined) secrets.reserve(named);
  for (const item of setting.items()) reserveVariables(item, pattern, secrets);
  for (const [, inner] of setting.entries()) reserveVariables(inner, pattern, secrets);
}
