import type { InboundProtocol } from '../contract.ts';
import { AnthropicAnswerEncoder } from './answer-encoder.ts';
import { anthropicDialect } from './dialect-name.ts';
import { encodeCompletion } from './encode-completion.ts';
import { encodeFault } from './encode-fault.ts';
import { instructionEdits } from './instruction-edits.ts';
import { parseCall } from './parse-call.ts';
import { readHead } from './read-head.ts';
import { writeEvent } from './write-event.ts';

/** The Messages dialect as clients speak it. */
export const anthropicMessagesInbound: InboundProtocol = {
  dialect: anthropicDialect,
  outputLimitPointer: '/max_tokens',
  readHead,
  parseCall,
  instructionEdits,
  encodeCompletion,
  openEncoder: (context) => new AnthropicAnswerEncoder(context),
  encodeFault,
  failStream: (fault, context) => writeEvent(encodeFault(fault, context.requestId)),
  closeStream: (_context, position) => (position.terminated ? '' : writeEvent({ type: 'message_stop' })),
  encodeTokenCount: (tokens) => ({ input_tokens: tokens }),
};
