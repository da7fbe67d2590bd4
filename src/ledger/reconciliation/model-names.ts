const dateSuffix = /[-@](20\d{2}-?\d{2}-?\d{2})$/;

/**
 * Our name for a model of a bill: the operator's own word first, then the same name, then the only one that differs by
 * the date of its release. Otherwise the bill's name stays, and shows as unknown.
 */
export function ourNameOf(
  theirs: string,
  ours: ReadonlySet<string>,
  own: { readonly [theirs: string]: string } = {},
): string {
  if (Object.hasOwn(own, theirs)) return own[theirs] ?? theirs;
  if (ours.has(theirs)) return theirs;
  const base = baseOf(theirs);
  const alike = [...ours].filter((name) => baseOf(name) === base);
  return alike.length === 1 ? (alike[0] ?? theirs) : theirs;
}

function baseOf(name: string): string {
  return name.toLowerCase().replace(dateSuffix, '');
}
