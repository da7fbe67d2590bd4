import { bedrockException } from '../dialects/bedrock.ts';
import type { SimulatedDialect } from '../dialects/dialect.ts';
import type { SimulatedExchange } from '../exchange.ts';
import { replyBytes, replyJson } from '../exchange.ts';
import type { Failure } from '../scripts/failure.ts';
import { retryAdvice } from './retry-headers.ts';
import type { Script } from '../scripts/script.ts';

/** Answers with a failure in the shape of the dialect, or the unusual body of the script. */
export function replyFailure(
  exchange: SimulatedExchange,
  failure: Failure,
  context: { readonly dialect: SimulatedDialect; readonly script: Script },
): void {
  const { dialect, script } = context;
  const advice = retryAdvice(script.retry ?? '', dialect.id, exchange.state.clock);
  const headers = {
    ...advice.headers,
    ...(dialect.id === 'bedrock-converse' && { 'x-amzn-errortype': bedrockException(failure) }),
  };
  const { status } = failure;
  switch (script.errorBody) {
    case 'html': {
      const html = `<html><head><title>${status}</title></head><body><h1>${failure.message}</h1></body></html>`;
      return replyBytes(exchange, script, { status, headers, bytes: Buffer.from(html), contentType: 'text/html' });
    }
    case 'string':
      return replyJson(exchange, script, { status, headers, json: { error: failure.message } });
    case 'detail':
      return replyJson(exchange, script, { status, headers, json: { detail: failure.message } });
    case 'empty':
      return replyBytes(exchange, script, { status, headers, bytes: Buffer.alloc(0), contentType: 'text/plain' });
    case undefined:
      return replyJson(exchange, script, { status, headers, json: dialect.errorBody(failure, advice) });
  }
}
