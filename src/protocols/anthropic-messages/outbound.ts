import type { OutboundProtocol } from '../contract.ts';
import { openSseDecoder } from '../shared/open-sse-decoder.ts';
import { anthropicDialect } from './dialect-name.ts';
import { decodeCompletion } from './decode-completion.ts';
import { encodeCall } from './encode-call.ts';
import { AnthropicEventReader } from './event-reader.ts';

/** The Messages dialect as upstreams speak it. */
export const anthropicMessagesOutbound: OutboundProtocol = {
  dialect: anthropicDialect,
  encodeCall,
  decodeCompletion,
  openDecoder: () => openSseDecoder(new AnthropicEventReader()),
};
