import type { InboundProtocol } from '../contract.ts';
import { encodeCompletion } from './encode-completion.ts';
import { encodeFault } from './encode-fault.ts';
import { doneFrame, errorFrame, openEncoder } from './open-encoder.ts';
import { instructionEdits } from './instruction-edits.ts';
import { parseCall } from './parse-call.ts';
import { readHead } from './read-head.ts';

/** Chat Completions as clients speak it, with the heads of its sibling routes (embeddings, images …). */
export const openAIChatInbound: InboundProtocol = {
  dialect: 'openai-chat',
  outputLimitPointer: '/max_completion_tokens',
  readHead,
  parseCall,
  instructionEdits,
  encodeCompletion,
  openEncoder,
  encodeFault: (fault) => encodeFault(fault),
  failStream: (fault) => errorFrame(fault),
  closeStream: (_context, position) => (position.terminated ? '' : doneFrame),
};
