import type { OutboundProtocol } from '../contract.ts';
import { decodeConverseCompletion } from './decode-answer.ts';
import { encodeConverseCall } from './encode-call.ts';
import { openConverseDecoder } from './open-decoder.ts';

/** The Converse API of Amazon Bedrock, which only upstreams speak. */
export const bedrockConverseOutbound: OutboundProtocol = {
  dialect: 'bedrock-converse',
  inlineMedia: ['image', 'document'],
  encodeCall: encodeConverseCall,
  decodeCompletion: decodeConverseCompletion,
  openDecoder: openConverseDecoder,
};
