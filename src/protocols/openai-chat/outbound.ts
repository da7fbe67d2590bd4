import type { OutboundProtocol } from '../contract.ts';
import { openSseDecoder } from '../shared/open-sse-decoder.ts';
import { ChunkReader } from './chunk-reader.ts';
import { decodeCompletion } from './decode-completion.ts';
import { encodeCall } from './encode-call.ts';

/** Chat Completions as upstreams speak it: the original and the many hosts that are compatible, more or less. */
export const openAIChatOutbound: OutboundProtocol = {
  dialect: 'openai-chat',
  inlineMedia: ['document'],
  encodeCall,
  decodeCompletion,
  openDecoder: () => openSseDecoder(new ChunkReader()),
};
