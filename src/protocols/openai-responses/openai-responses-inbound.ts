import { completionToParts } from '../shared/collect-completion.ts';
import type { InboundProtocol } from '../contract.ts';
import { ResponsesEncoder } from './answer-encoder.ts';
import { encodeFault } from './encode-fault.ts';
import { EventLog } from './event-log.ts';
import { dialect } from './dialect-name.ts';
import { instructionEdits } from './instruction-edits.ts';
import { parseCall } from './parse-call.ts';
import { readHead } from './read-head.ts';
import { buildResponse, responseIdOf } from './response-object.ts';

/** `POST /v1/responses` as clients speak it. */
export const openAIResponsesInbound: InboundProtocol = {
  outputLimitPointer: '/max_output_tokens',
  dialect,
  readHead,
  parseCall,
  instructionEdits,
  encodeCompletion(completion, context) {
    const encoder = new ResponsesEncoder(context);
    for (const part of completionToParts(completion)) encoder.push(part);
    return encoder.finish();
  },
  openEncoder: (context) => new ResponsesEncoder(context),
  encodeFault,
  failStream(fault, context, position) {
    // Nothing was sent yet: the stream begins with the events by which clients recognise a response.
    if (position.sequenceNumber === 0) return new ResponsesEncoder(context).fail(fault);
    const state = {
      id: position.id ?? responseIdOf(undefined, context),
      model: position.model ?? context.model,
      createdAtS: context.createdAtS,
      status: 'failed',
      output: [],
    } as const;
    return new EventLog(position.sequenceNumber).writeFailure(fault, (error) =>
      buildResponse({ ...state, error }, context),
    );
  },
  // The reason to stop and the end of the stream are one event here: there is nothing left to add.
  closeStream: () => '',
};
