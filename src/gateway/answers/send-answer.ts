import type { DispatchResult, ClientSink } from '../../dispatch/index.ts';
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
  if (result.fault) return sink.started ? sink.destroy() : refuse(received, sink, result.fault);
  const { answer, endpoint } = result;
  if (!answer || !endpoint) return sink.destroy();
  const { attempts, dropped, costNanos } = result;
  const { contentType, estimated } = answer;
  const told = { endpoint, attempts, dropped, cache, costNanos, contentType, estimated };
  sink.start(answer.status, answerHeaders(received, { choice, decisionId }, told));
  sink.end(answer.body);
}

/** Answers a fault by HTTP status, in the caller's dialect. */
export function refuse(received: Pick<Received, 'requestId' | 'inbound'>, sink: ClientSink, fault: Fault): void {
  if (sink.gone || sink.started) return;
  sink.start(fault.kind.httpStatus, faultHeaders(received.requestId, fault));
  sink.end(JSON.stringify(received.inbound.encodeFault(fault, received.requestId)));
}
