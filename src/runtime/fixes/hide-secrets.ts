const shortest = 4;

/** Shapes of secrets that are known by their look, whoever's they are. */
const shapes: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:sk|pk|rk|swk|swo|whsec)[-_][A-Za-z0-9_-]{12,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abprs])[-_][A-Za-z0-9_-]{12,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}/g,
];

/** `user:password@` in an address, `Bearer …`, and `password = …` keep what they are and lose the value. */
const valued: readonly RegExp[] = [
  /(:\/\/[^\s/:@]{1,200}:)[^\s/@]{1,200}(?=@)/g,
  /(\b(?:bearer|basic)\s+)[A-Za-z0-9+/._~=-]{8,}/gi,
  /(\b[\w-]{0,40}(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key)["']?\s*[:=]\s*["']?)[^\s"',;)}\]]{6,}/gi,
];

/** What stands in place of a secret. */
export const hiddenMark = '[hidden]';

/** Makes what takes secrets out of text: those that are known, longest first, and whatever looks like one. */
export function secretHider(known: readonly string[] = []): (text: string) => string {
  const values = known.filter(({ length }) => length >= shortest).sort((left, right) => right.length - left.length);
  return (text) => {
    let clean = text;
    for (const value of values) clean = clean.replaceAll(value, hiddenMark);
    for (const shape of shapes) clean = clean.replace(shape, hiddenMark);
    for (const shape of valued) clean = clean.replace(shape, `$1${hiddenMark}`);
    return clean;
  };
}

/** Values of variables whose names say that they are secret. */
export function secretValues(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    /key|secret|token|password|passwd|credential|auth/i.test(name) && value.length >= shortest ? [value] : [],
  );
}
