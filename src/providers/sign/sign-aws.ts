import { createHash } from 'node:crypto';
import type { SignatureV4 } from '@smithy/signature-v4';
import type { HostAuth } from '../../domain/calls/endpoint.ts';
import type { Clock } from '../../platform/clock.ts';
import type { UpstreamRequest } from '../contract.ts';

type AwsAuth = Extract<HostAuth, { type: 'aws' }>;

/** Signs requests to Bedrock with Signature Version 4. */
export class AwsSigner {
  readonly #clock: Clock;
  /** One signer per credentials as configured; goes when a reload replaces them. */
  readonly #signers = new WeakMap<AwsAuth, SignatureV4>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async sign(request: UpstreamRequest, auth: AwsAuth): Promise<UpstreamRequest> {
    const url = new URL(request.origin + request.path);
    const body = request.body ?? Buffer.alloc(0);
    const { headers } = await (
      await this.#signerFor(auth)
    ).sign(
      {
        method: request.method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        // The hash of a body of megabytes is left to the native library; only short strings go through the other.
        headers: { ...request.headers, host: url.host, 'x-amz-content-sha256': sha256(body) },
        body,
      },
      { signingDate: new Date(this.#clock.nowMs()) },
    );
    return { ...request, headers };
  }

  async #signerFor(auth: AwsAuth): Promise<SignatureV4> {
    const known = this.#signers.get(auth);
    if (known !== undefined) return known;
    const { accessKeyId, secretAccessKey, sessionToken, region } = auth;
    // Loaded with the first request to Bedrock: most gateways send none.
    const { Sha256 } = await import('@aws-crypto/sha256-js');
    const { SignatureV4: Signer } = await import('@smithy/signature-v4');
    const signer = new Signer({
      service: 'bedrock',
      region,
      sha256: Sha256,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    });
    this.#signers.set(auth, signer);
    return signer;
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
