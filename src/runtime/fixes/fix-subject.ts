import type { GuestFile } from '../contract.ts';
import type { FailureReport, FixResult, FixTask } from './fix-types.ts';

/** Something that is to be fixed, made ready: what the fixer is given, and what becomes of a fixed copy. */
export interface FixSubject {
  readonly files: readonly GuestFile[];
  readonly purpose: string;
  readonly secrets: readonly string[];
  /** Tries the original once more; `passed` means that there is nothing to fix. */
  reproduce(): Promise<
    | { readonly kind: 'failed'; readonly failure: FailureReport }
    | { readonly kind: 'passed' }
    | { readonly kind: 'broken'; readonly reason: string }
  >;
  /** After `reproduce`: tries a patched copy. */
  verify: FixTask['verify'];
  /** Takes a fixed copy over, in place of nothing: a file set with a receipt, or a new version. */
  adopt(result: FixResult & { readonly files: readonly GuestFile[] }): Promise<Adopted>;
}

/** Where a fixed program is to be found. */
export interface Adopted {
  readonly runId: string | null;
  readonly version: string | null;
  readonly detail: string | null;
}
