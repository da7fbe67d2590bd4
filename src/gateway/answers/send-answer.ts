import type { AnswerHeaders, ClientSink, DispatchResult } from '../../dispatch/index.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import { answerHeaders, faultHeaders } from './answer-headers.ts';
import type { Recall } from '../cache/recall.ts';
import type { Received } from '../received.ts';
import type { AdmittedExchange } from '../settle.ts';

/** Gives the client the end of its answer: the rest of a stream, a whole answer, or the fault. */
export function sendAnswer(
  exchange: AdmittedExchange,
  result: DispatchResult,
  { sink, cache }: { sink: ClientSink; cache: Recall['state'] },
): void {
  const { received, choice, decisionId } = exchange;
  if (sink.gone) return;
  if (result.closing !== undefined) return sink.end(result.closing);
  const { answer, endpoint, attempts, dropped, costNanos, fault } = result;
  const routed = { choice, decisionId };
  if (fault) {
    if (sink.started) return sink.destroy();
    // Whoever looks into a failure wants to know as much of its way as of a good answer's.
    const told = endpoint && answerHeaders(received, routed, { endpoint, attempts, dropped, cache, costNanos });
    return tell({ received, sink }, fault, told);
  }
  if (!answer || !endpoint) return sink.destroy();
  const { contentType, estimated } = answer;
  const told = { endpoint, attempts, dropped, cache, costNanos, contentType, estimated };
  sink.start(answer.status, answerHeaders(received, routed, told));
  sink.end(answer.body);
}

/** Answers a fault by HTTP status, in the caller's dialect. */
export function refuse(received: Client['received'], sink: ClientSink, fault: Fault): void {
  if (!sink.gone && !sink.started) tell({ received, sink }, fault);
}

interface Client {
  readonly received: Pick<Received, 'requestId' | 'inbound'>;
  readonly sink: ClientSink;
}

function tell({ received: { requestId, inbound }, sink }: Client, fault: Fault, routed?: AnswerHeaders): void {
  sink.start(fault.kind.httpStatus, { ...routed, ...faultHeaders(requestId, fault) });
  sink.end(JSON.stringify(inbound.encodeFault(fault, requestId)));
}
