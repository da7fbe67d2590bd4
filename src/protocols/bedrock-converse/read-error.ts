import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import { codeOfStatus } from '../shared/code-of-status.ts';
import { isObject } from '../shared/field-reader.ts';

/** Access key ids and session tokens as AWS repeats them in signature errors. */
const secrets = /\b(AKIA|ASIA)[A-Z0-9]{8,}\b|(?<=Credential=)[^\s,]+|(?<=[Ss]ecurity-[Tt]oken[:=])\S+/g;
const tooLong =
  /(input|prompt|context).*(too long|too many tokens|exceeds?|longer than)|maximum (context|number of) .*tokens/i;
const wrongModel = /model identifier is invalid|on-demand throughput isn.t supported|end of its life|model.*not found/i;
const perDay = /per day|daily/i;

const codeByType: { readonly [type: string]: FaultCode } = {
  throttlingexception: 'upstream_rate_limited',
  toomanyrequestsexception: 'upstream_rate_limited',
  servicequotaexceededexception: 'upstream_quota',
  modelnotreadyexception: 'upstream_overloaded',
  serviceunavailableexception: 'upstream_overloaded',
  modeltimeoutexception: 'upstream_timeout',
  internalserverexception: 'upstream_error',
  internalfailure: 'upstream_error',
  modelerrorexception: 'upstream_error',
  modelstreamerrorexception: 'upstream_error',
  conflictexception: 'upstream_error',
  validationexception: 'upstream_rejected',
  accessdeniedexception: 'upstream_auth',
  unrecognizedclientexception: 'upstream_auth',
  invalidsignatureexception: 'upstream_auth',
  incompletesignatureexception: 'upstream_auth',
  missingauthenticationtokenexception: 'upstream_auth',
  expiredtokenexception: 'upstream_auth',
  expiredtoken: 'upstream_auth',
  optinrequired: 'upstream_auth',
  resourcenotfoundexception: 'upstream_model_gone',
};

/** What an error answer of AWS says about itself. `type` is the value of `x-amzn-errortype` or of `:exception-type`. */
export interface BedrockError {
  /** 0 in band, where there is none. */
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** Classifies an error of Bedrock by its exception type, from header, stream or body; by HTTP status without one. */
export function readBedrockError({ status, type, body }: BedrockError): Fault {
  const fields = isObject(body) ? body : {};
  const named = type ?? (typeof fields['__type'] === 'string' ? fields['__type'] : undefined);
  const text = fields['message'] ?? fields['Message'];
  const message = typeof text === 'string' ? text.replace(secrets, '[hidden]') : '';
  const code = refine(ownValue(codeByType, bareType(named)) ?? codeOfStatus(status) ?? 'upstream_error', message);
  const isClients = code === 'upstream_rejected' || code === 'context_too_long';
  return new Fault(code, {
    // Only what the client can mend is told in the upstream's words: the others are the operator's business.
    ...(isClients && message !== '' && { message }),
    ...(isClients && { upstreamBody: { message } }),
    ...(status > 0 && { upstreamStatus: status }),
    detail: [named, message].filter(Boolean).join(': '),
  });
}

/** `ThrottlingException:http://…` in headers, `com.amazon.coral.service#ThrottlingException` in bodies. */
function bareType(type: string | undefined): string {
  const [first = ''] = (type ?? '').split(':');
  return first.slice(first.lastIndexOf('#') + 1).toLowerCase();
}

function refine(code: FaultCode, message: string): FaultCode {
  if (code === 'upstream_rate_limited') return perDay.test(message) ? 'upstream_quota' : code;
  if (code !== 'upstream_rejected') return code;
  if (wrongModel.test(message)) return 'upstream_model_gone';
  return tooLong.test(message) ? 'context_too_long' : code;
}
