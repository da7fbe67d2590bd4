import type { Fault } from '../../domain/faults/fault.ts';
import { firstHeader } from '../../platform/first-header.ts';
import {
  isObject,
  readAnthropicError,
  readBedrockError,
  readGeminiError,
  readOpenAIError,
} from '../../protocols/index.ts';
import type { ResponseHeaders } from './retry-after.ts';

/**
 * Reads an error body by its own shape rather than by the dialect that was spoken: a cloud's front door answers in the
 * cloud's dialect whatever the model behind it speaks.
 */
export function readErrorOf(status: number, headers: ResponseHeaders, body: unknown): Fault {
  const awsType = headers['x-amzn-errortype'];
  if (awsType !== undefined || (isObject(body) && '__type' in body)) {
    return readBedrockError({ status, type: firstHeader(awsType), body });
  }
  const whole: unknown = Array.isArray(body) ? body[0] : body;
  const error = isObject(whole) ? whole['error'] : undefined;
  if (isObject(error)) {
    if (isObject(whole) && whole['type'] === 'error') return readAnthropicError(body, { status });
    if (typeof error['status'] === 'string' && typeof error['code'] === 'number') return readGeminiError(status, body);
  }
  return readOpenAIError(body, status);
}
