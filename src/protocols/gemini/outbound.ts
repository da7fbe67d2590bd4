import type { OutboundProtocol } from '../contract.ts';
import { decodeGeminiCompletion, openGeminiDecoder } from './decode-answer.ts';
import { encodeGeminiCall } from './encode-call.ts';

/** The Gemini API as we speak it to Google AI Studio and Vertex AI. */
export const geminiOutbound: OutboundProtocol = {
  dialect: 'gemini',
  encodeCall: encodeGeminiCall,
  decodeCompletion: decodeGeminiCompletion,
  openDecoder: openGeminiDecoder,
};
