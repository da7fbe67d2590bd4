import { hash } from 'node:crypto';
import type { PromptConfig } from '../config/index.ts';

/** A prompt in one of its versions; records name the version and never hold the text. */
export interface PromptVersion {
  /** Name and digest of the text: the same text is the same version. */
  readonly versionId: string;
  readonly instructions: string;
}

/** The version that a prompt as written is. */
export function promptVersionOf({ name, instructions }: PromptConfig): PromptVersion {
  return { versionId: `${name}@${hash('sha256', instructions).slice(0, 12)}`, instructions };
}
