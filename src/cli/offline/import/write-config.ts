import { stringify } from 'yaml';
import { type ConfigProblem, parseConfig } from '../../../config/index.ts';
import type { ConfigDraft } from './config-draft.ts';
import type { MovedSecret } from './secret-vault.ts';

/** What the head of the written file says. */
export interface Origin {
  /** The product the input belongs to. */
  readonly product: string;
  readonly file: string;
  readonly secrets: readonly MovedSecret[];
}

/** Writes the draft as text for `switchyard.yaml`; prices stay decimal text. */
export function writeConfig(draft: ConfigDraft, origin: Origin): string {
  const data = draft.toData();
  const body = Object.keys(data).length === 0 ? '' : stringify(data, { lineWidth: 110, aliasDuplicateObjects: false });
  const variables = [...new Set(origin.secrets.map(({ variable }) => variable))];
  const head = [
    `Imported from ${origin.file} of ${origin.product}.`,
    'Check what it resolves to with: switchyard config check',
    ...(variables.length === 0 ? [] : [`Set before starting: ${variables.join(', ')}`]),
  ];
  return `${head.map((line) => `# ${line}`).join('\n')}\n${body}`;
}

/** What is wrong with a written configuration; empty for one that the product accepts. */
export function problemsOf(text: string): readonly ConfigProblem[] {
  return parseConfig(text).problems;
}
