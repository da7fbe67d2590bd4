import type { DialectId } from '../../domain/calls/dialect.ts';
import {
  anthropicMessagesOutbound,
  bedrockConverseOutbound,
  geminiOutbound,
  openAIChatOutbound,
  openAIResponsesOutbound,
  type OutboundProtocol,
} from '../../protocols/index.ts';

/** The upstream side of each dialect. */
export type Wires = { readonly [Dialect in DialectId]: OutboundProtocol };

/** Every dialect that Switchyard can speak to an upstream. */
export const outboundWires: Wires = {
  'openai-chat': openAIChatOutbound,
  'openai-responses': openAIResponsesOutbound,
  'anthropic-messages': anthropicMessagesOutbound,
  gemini: geminiOutbound,
  'bedrock-converse': bedrockConverseOutbound,
};
