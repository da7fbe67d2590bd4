import {
  chatEvents,
  chatHead,
  chatUsage,
  messagesEvents,
  messagesHead,
  messagesUsage,
  responseObject,
  responsesEvents,
  streamedAnswer,
  wholeAnswer,
} from './prepared-answers.ts';

/** One kind of request with the prepared answer to it. */
export interface Workload {
  readonly name: string;
  readonly path: string;
  readonly model: string;
  readonly stream: boolean;
  readonly requestBody: string;
  /** Whole HTTP answer, head included. */
  readonly answer: Buffer;
}

const prompt = 'Summarise in one sentence what the following paragraph says about tides and the moon. '.repeat(8);
const sentence = 'The moon pulls the sea twice a day, and the sun helps or hinders. ';
/** The six workloads: three dialects, streaming and not. */
export const workloads: readonly Workload[] = [
  {
    name: 'chat',
    path: '/v1/chat/completions',
    model: 'bench-chat',
    stream: false,
    requestBody: requestBody({ model: 'bench-chat', messages: chatMessages(), temperature: 0.2 }),
    answer: wholeAnswer({
      ...chatHead('chat.completion'),
      choices: [{ index: 0, message: { role: 'assistant', content: sentence.repeat(4) }, finish_reason: 'stop' }],
      usage: chatUsage,
    }),
  },
  {
    name: 'chat stream',
    path: '/v1/chat/completions',
    model: 'bench-chat',
    stream: true,
    requestBody: requestBody({
      model: 'bench-chat',
      messages: chatMessages(),
      stream: true,
      stream_options: { include_usage: true },
    }),
    answer: streamedAnswer([...chatEvents(), 'data: [DONE]\n\n']),
  },
  {
    name: 'messages',
    path: '/v1/messages',
    model: 'bench-messages',
    stream: false,
    requestBody: requestBody({ model: 'bench-messages', max_tokens: 200, messages: chatMessages() }),
    answer: wholeAnswer({
      ...messagesHead(),
      content: [{ type: 'text', text: sentence.repeat(4) }],
      stop_reason: 'end_turn',
      usage: messagesUsage,
    }),
  },
  {
    name: 'messages stream',
    path: '/v1/messages',
    model: 'bench-messages',
    stream: true,
    requestBody: requestBody({ model: 'bench-messages', max_tokens: 200, messages: chatMessages(), stream: true }),
    answer: streamedAnswer(messagesEvents()),
  },
  {
    name: 'responses',
    path: '/v1/responses',
    model: 'bench-responses',
    stream: false,
    requestBody: requestBody({ model: 'bench-responses', input: prompt, store: false }),
    answer: wholeAnswer(responseObject('completed')),
  },
  {
    name: 'responses stream',
    path: '/v1/responses',
    model: 'bench-responses',
    stream: true,
    requestBody: requestBody({ model: 'bench-responses', input: prompt, store: false, stream: true }),
    answer: streamedAnswer(responsesEvents()),
  },
];

/** The workload of a name; a typing error ends the run. */
export function workloadOf(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (!found) throw new Error(`there is no workload "${name}"`);
  return found;
}

/** Model whose streams come at a pace, each chunk stamped with the time it left. */
export const pacedModel = 'bench-paced';

/** Body of a request for a paced stream. */
export const pacedRequestBody = requestBody({ model: pacedModel, messages: chatMessages(), stream: true });

function requestBody(body: object): string {
  return JSON.stringify(body);
}

function chatMessages(): object[] {
  return [{ role: 'user', content: prompt }];
}
