/** A secret of the input and the variable that is to hold it from now on. */
export interface MovedSecret {
  readonly variable: string;
  /** Where it stood in the input. */
  readonly from: string;
}

const looksLikeSecret =
  /(^|[^a-z])(sk|pk|rk|gsk|xai|hf|pplx|nvapi|AKIA|ASIA|ya29|eyJ|ghp|github_pat|AIza)[-_.A-Za-z0-9]{8,}|^Bearer\s|-----BEGIN|[A-Za-z0-9+/_-]{32,}/;
const secretName = /(key|token|secret|password|passwd|credential|authorization|cookie|private|signature|auth)/i;

/** Gives each secret of the input the name of a variable; the secrets themselves go nowhere. */
export class SecretVault {
  readonly #variables = new Map<string, string>();
  readonly #moved: MovedSecret[] = [];
  readonly #taken = new Set<string>();

  /** Names that the input uses already: a moved secret must not take one of them. */
  reserve(variable: string): void {
    this.#taken.add(variable);
  }

  /** A reference for a literal secret; the same secret gets the same variable. */
  move(secret: string, wanted: string, from: string): string {
    const known = this.#variables.get(secret);
    const variable = known ?? this.#free(toVariable(wanted));
    this.#variables.set(secret, variable);
    this.#taken.add(variable);
    this.#moved.push({ variable, from });
    return `env:${variable}`;
  }

  moved(): readonly MovedSecret[] {
    return this.#moved;
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#taken.has(name); number++) name = `${wanted}_${number}`;
    return name;
  }
}

/** Whether a value, by its name or its looks, must not be written into a file. */
export function isSecretLike(name: string, value: string): boolean {
  return secretName.test(name) || looksLikeSecret.test(value);
}

/** Makes a name that can be that of an environment variable. */
export function toVariable(text: string): string {
  const name = text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[0-9]/.test(name) || name === '' ? `KEY_${name}` : name;
}
