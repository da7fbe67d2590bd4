import { hash } from 'node:crypto';
import type { importJWK, JWTPayload } from 'jose';
import { Fault } from '../domain/faults/fault.ts';
import { parseUsdAsNanos } from '../domain/money/money.ts';
import type { Clock } from '../platform/clock.ts';
import type { ControlSnapshot } from './control/control-snapshot.ts';
import type { Sealer } from './control/sealer.ts';
import { signerPurpose } from './control/token-signers.ts';
import { type Key, modelMatcher } from './key.ts';
import type { KeyRing } from './key-ring.ts';

/**
 * What a customer's backend puts into a browser-safe token, as claims of a signed JWT: `sub` the end user, `exp` its
 * end, `jti` its id; `job`, `origin`, `models` and `budgetUsd` narrow what it may be used for.
 */
export interface TokenUse {
  /** The key of the signer with what the token takes away from it: its end user, its only job, models, a budget. */
  readonly key: Key;
  /** The only web page that may send it. */
  readonly origin: string | undefined;
}

/** What verifying tokens needs. */
export interface TokenVerifierSettings {
  readonly clock: Clock;
  sealer(): Sealer;
  /** The current one: revoked signers and tokens are not in it. */
  snapshot(): ControlSnapshot | undefined;
  keys(): KeyRing;
}

type VerifyingKey = Awaited<ReturnType<typeof importJWK>>;

interface Verified {
  readonly use: TokenUse;
  /** What the token takes from: once it is another, or over, the token is verified anew. */
  readonly ofKey: Key;
  readonly signer: string;
  readonly tokenId: string;
  readonly expiresAtMs: number;
  readonly version: bigint;
}

/** Tokens are for minutes, at most a day: a page that keeps one asks its backend for the next. */
const maxLifetimeSeconds = 86_400;
const clockToleranceSeconds = 5;
const maxRemembered = 10_000;

/** Verifies tokens; those seen before are known at once, as long as nothing was revoked since. */
export class TokenVerifier {
  readonly #settings: TokenVerifierSettings;
  readonly #remembered = new Map<string, Verified>();

  constructor(settings: TokenVerifierSettings) {
    this.#settings = settings;
  }

  /** Whether a credential looks like a token rather than a key's secret. */
  static isToken(secret: string): boolean {
    return secret.startsWith('eyJ') && secret.split('.').length === 3;
  }

  /** Whether anybody can mint tokens: without a signer there are none. */
  get isInUse(): boolean {
    return (this.#settings.snapshot()?.signers.length ?? 0) > 0;
  }

  /** What a token may be used for by a page of the given origin, or why not. */
  verify(token: string, origin: string | undefined): TokenUse | Fault | Promise<TokenUse | Fault> {
    const digest = hash('sha256', token, 'base64url');
    const known = this.#remembered.get(digest);
    const version = this.#settings.snapshot()?.version;
    const isCurrent =
      known?.version === version && known?.ofKey === this.#settings.keys().named(known?.ofKey.name ?? '');
    if (known !== undefined && isCurrent) return this.#check(known, origin);
    return this.#verifyAnew(token, digest).then((verified) =>
      Fault.is(verified) ? verified : this.#check(verified, origin),
    );
  }

  #check({ use, expiresAtMs }: Verified, origin: string | undefined): TokenUse | Fault {
    if (this.#settings.clock.nowMs() >= expiresAtMs) return refuse('has expired');
    if (use.origin !== undefined && use.origin !== origin) {
      return new Fault('not_allowed', { message: `The token may only be used by pages of ${use.origin}.` });
    }
    return use;
  }

  async #verifyAnew(token: string, digest: string): Promise<Verified | Fault> {
    // Loaded with the first token: most gateways never see one.
    const { errors, jwtVerify } = await import('jose');
    const { clock } = this.#settings;
    const snapshot = this.#settings.snapshot();
    if (snapshot === undefined) return refuse('cannot be verified: there is no database');
    try {
      const { payload, protectedHeader } = await jwtVerify(
        token,
        async ({ kid, alg }) => this.#keyOf(snapshot, kid, alg),
        {
          algorithms: ['HS256', 'EdDSA'],
          requiredClaims: ['sub', 'exp', 'jti'],
          currentDate: new Date(clock.nowMs()),
          clockTolerance: clockToleranceSeconds,
        },
      );
      const verified = this.#read(snapshot, protectedHeader.kid ?? '', payload);
      if (!Fault.is(verified)) this.#remember(digest, verified);
      return verified;
    } catch (error) {
      if (Fault.is(error)) return error;
      return refuse(error instanceof errors.JWTExpired ? 'has expired' : 'is not valid');
    }
  }

  async #keyOf(snapshot: ControlSnapshot, kid: string | undefined, alg: string): Promise<VerifyingKey> {
    const signer = snapshot.signers.find(({ id }) => id === kid);
    // The header may not choose another algorithm than the signer's.
    if (signer === undefined || signer.algorithm !== alg) throw refuse('has an unknown signer');
    if (signer.publicJwk !== undefined) {
      const jose = await import('jose');
      return jose.importJWK({ ...signer.publicJwk, kty: 'OKP' }, 'EdDSA');
    }
    return Buffer.from(this.#settings.sealer().open(signer.sealedSecret ?? '', signerPurpose(signer.id)), 'base64url');
  }

  #read(snapshot: ControlSnapshot, kid: string, claims: JWTPayload): Verified | Fault {
    const { clock, keys } = this.#settings;
    const signer = snapshot.signers.find(({ id }) => id === kid);
    const { sub, exp, jti } = claims;
    if (signer === undefined || typeof sub !== 'string' || typeof jti !== 'string' || exp === undefined) {
      return refuse('is not valid');
    }
    if (exp * 1000 > clock.nowMs() + maxLifetimeSeconds * 1000) return refuse('is valid for more than a day');
    if (signer.revokedTokens.includes(jti)) return refuse('is revoked');
    const key = keys().named(signer.key);
    if (key === undefined) return refuse('belongs to a key that is revoked');
    const bounds = readBounds(claims);
    if (Fault.is(bounds)) return bounds;
    const { job, origin, models, limitNanos } = bounds;
    const scoped = narrow(key, { endUser: sub, onlyJob: job, models });
    const token = { id: `${signer.id}.${jti}`, limitNanos: limitNanos ?? 0n, expiresAtMs: exp * 1000 };
    return {
      use: {
        key: limitNanos === undefined ? scoped : { ...scoped, token },
        origin,
      },
      ofKey: key,
      signer: kid,
      tokenId: jti,
      expiresAtMs: exp * 1000,
      version: snapshot.version,
    };
  }

  /** The oldest is forgotten first: Maps keep the order of insertion. */
  #remember(digest: string, verified: Verified): void {
    const oldest = this.#remembered.size >= maxRemembered ? this.#remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.#remembered.delete(oldest);
    this.#remembered.delete(digest);
    this.#remembered.set(digest, verified);
  }
}

function narrow(
  key: Key,
  { models, ...narrower }: Pick<Key, 'endUser' | 'onlyJob'> & { readonly models: readonly string[] | undefined },
): Key {
  if (models === undefined) return { ...key, ...narrower };
  const byToken = modelMatcher(models);
  return { ...key, ...narrower, mayUse: (model) => byToken(model) && key.mayUse(model) };
}

/** What narrows a token. A claim of another form is refused: taken as absent, it would allow more than was meant. */
function readBounds(claims: JWTPayload):
  | Fault
  | {
      readonly job: string | undefined;
      readonly origin: string | undefined;
      readonly models: readonly string[] | undefined;
      readonly limitNanos: bigint | undefined;
    } {
  const { job, origin, models, budgetUsd } = claims;
  if (!isTextOrAbsent(job)) return refuse('has a job that is not a text');
  if (!isTextOrAbsent(origin)) return refuse('has an origin that is not a text');
  if (models !== undefined && !isTexts(models)) return refuse('has models that are not a list of texts');
  const limitNanos = typeof budgetUsd === 'string' ? parseUsdAsNanos(budgetUsd) : undefined;
  if (budgetUsd !== undefined && limitNanos === undefined)
    return refuse('has a budgetUsd that is not an amount as text');
  return { job, origin, models, limitNanos };
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '');
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function refuse(why: string): Fault {
  return new Fault('key_invalid', { message: `The token ${why}.` });
}
