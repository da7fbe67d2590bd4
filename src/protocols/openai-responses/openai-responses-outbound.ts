import type { OutboundProtocol } from '../contract.ts';
import { openSseDecoder } from '../shared/open-sse-decoder.ts';
import { decodeCompletion } from './decode-completion.ts';
import { encodeCall } from './encode-call.ts';
import { dialect } from './dialect-name.ts';
import { ResponsesReader } from './responses-reader.ts';

/** `POST /v1/responses` as hosts speak it. */
export const openAIResponsesOutbound: OutboundProtocol = {
  dialect,
  encodeCall,
  decodeCompletion,
  openDecoder: () => openSseDecoder(new ResponsesReader()),
};
