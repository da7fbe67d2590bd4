import { nameInScope } from './subject.ts';
import { type Spender, type SpendingScope, spendingScopes } from './contract.ts';

/** The part of a rule that says whom it limits. */
export interface ScopedRule {
  readonly scope: SpendingScope;
  readonly name: string;
  readonly customer?: string | undefined;
}

interface ScopeRules<Entry> {
  readonly scope: SpendingScope;
  readonly each: readonly Entry[];
  readonly byName: ReadonlyMap<string, readonly Entry[]>;
}

/** Finds the rules that limit a spender, in the fixed order of the scopes, without looking at the others. */
export class RuleIndex<Entry extends { readonly rule: ScopedRule }> {
  readonly #scopes: readonly ScopeRules<Entry>[];

  constructor(entries: Iterable<Entry>) {
    const all = [...entries];
    this.#scopes = spendingScopes.flatMap((scope) => {
      const own = all.filter(({ rule }) => rule.scope === scope);
      if (own.length === 0) return [];
      // There is one organisation: whatever a rule calls it, it is meant.
      const isForAll = ({ rule }: Entry): boolean => rule.name === '*' || scope === 'organisation';
      const each = own.filter(isForAll);
      const named = own.filter((entry) => !isForAll(entry));
      const byName = new Map<string, Entry[]>();
      for (const entry of named) {
        const list = byName.get(entry.rule.name);
        if (list) list.push(entry);
        else byName.set(entry.rule.name, [entry]);
      }
      return [{ scope, each, byName }];
    });
  }

  get isEmpty(): boolean {
    return this.#scopes.length === 0;
  }

  /** Calls back for each rule that limits the spender. */
  forEach(spender: Spender, visit: (entry: Entry) => void): void {
    for (const { scope, each, byName } of this.#scopes) {
      const name = nameInScope(scope, spender);
      if (name === undefined) continue;
      const named = byName.get(name);
      if (named !== undefined) visitMatching(named, spender, visit);
      if (each.length > 0) visitMatching(each, spender, visit);
    }
  }
}

function visitMatching<Entry extends { readonly rule: ScopedRule }>(
  entries: readonly Entry[],
  spender: Spender,
  visit: (entry: Entry) => void,
): void {
  for (const entry of entries) {
    const { customer } = entry.rule;
    if (customer === undefined || customer === spender.customer) visit(entry);
  }
}
