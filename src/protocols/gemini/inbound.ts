import type { InboundProtocol } from '../contract.ts';
import { encodeGeminiCompletion, failGeminiStream, openGeminiEncoder } from './encode-answer.ts';
import { encodeGeminiFault } from './fault-body.ts';
import { readGeminiHead } from './head.ts';
import { instructionEdits } from './instruction-edits.ts';
import { parseGeminiCall } from './parse-call.ts';

/** The Gemini API as clients speak it to us. */
export const geminiInbound: InboundProtocol = {
  dialect: 'gemini',
  outputLimitPointer: '/generationConfig/maxOutputTokens',
  readHead: readGeminiHead,
  parseCall: parseGeminiCall,
  instructionEdits,
  encodeCompletion: encodeGeminiCompletion,
  openEncoder: openGeminiEncoder,
  encodeFault: encodeGeminiFault,
  failStream: (fault, context, position) => failGeminiStream(fault, context, position.id !== undefined),
  // A stream ends with the candidate that has a finish reason: nothing follows it, but the bracket of an array.
  closeStream: (context) => (context.framing === 'sse' ? '' : ']\n'),
  encodeTokenCount: (tokens) => ({ totalTokens: tokens }),
};
