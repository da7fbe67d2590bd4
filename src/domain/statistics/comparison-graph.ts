/** Groups of entries that comparisons connect, directly or over others; entries of different groups cannot be ranked. */
export function connectedGroups(
  pairs: readonly { readonly left: string; readonly right: string }[],
): readonly (readonly string[])[] {
  const parents = new Map<string, string>();
  const rootOf = (entry: string): string => {
    let root = entry;
    for (let above = parents.get(root); above !== undefined && above !== root; above = parents.get(root)) root = above;
    parents.set(entry, root);
    return root;
  };
  for (const { left, right } of pairs) {
    for (const entry of [left, right]) if (!parents.has(entry)) parents.set(entry, entry);
    parents.set(rootOf(left), rootOf(right));
  }
  const groups = new Map<string, string[]>();
  for (const entry of parents.keys()) {
    const root = rootOf(entry);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}
