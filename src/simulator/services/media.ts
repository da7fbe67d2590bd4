import type { JsonObject } from '../../domain/calls/model-call.ts';
import { asList, asNumber, asText } from '../json.ts';
import { flattenContent } from '../answers/prompt.ts';
import { countTokens } from '../answers/text.ts';
import type { ServiceAnswer, ServiceCall } from './service.ts';
import { okJson } from './service.ts';

/** A transparent picture of one pixel. */
const pixelPng = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const soundTypes: { readonly [format: string]: string } = {
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  pcm: 'audio/pcm',
};

/** Image generation and editing: always the same pixel, with the usage of newer image models. */
export function answerImages(call: ServiceCall): ServiceAnswer {
  const count = Math.min(10, asNumber(call.body['n']) ?? 1);
  const isUrl = call.body['response_format'] === 'url';
  const item: JsonObject = isUrl ? { url: 'https://example.com/simulated.png' } : { b64_json: pixelPng };
  const inputTokens = Math.max(1, countTokens(asText(call.body['prompt'])));
  return okJson({
    created: call.createdS,
    data: Array.from({ length: count }, () => item),
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { text_tokens: inputTokens, image_tokens: 0 },
      output_tokens: 272 * count,
      total_tokens: inputTokens + 272 * count,
    },
  });
}

/** Speech: bytes that carry the input text, so that a test sees them arrive unchanged. */
export function answerSpeech(call: ServiceCall): ServiceAnswer {
  const sound = Buffer.from(`SIMULATED AUDIO\0${asText(call.body['input'])}`);
  if (call.body['stream_format'] === 'sse') {
    const inputTokens = Math.max(1, countTokens(asText(call.body['input'])));
    const usage = { input_tokens: inputTokens, output_tokens: sound.length, total_tokens: inputTokens + sound.length };
    const pieces = [sound.subarray(0, 8), sound.subarray(8)];
    return events([
      ...pieces.map((piece) => ({ type: 'speech.audio.delta', audio: piece.toString('base64') })),
      { type: 'speech.audio.done', usage },
    ]);
  }
  const contentType = soundTypes[asText(call.body['response_format'], 'mp3')] ?? 'application/octet-stream';
  return { status: 200, bytes: sound, contentType };
}

/** Transcription and translation of a multipart upload; the text tells the size of the sound. */
export function answerTranscription(call: ServiceCall): ServiceAnswer {
  const text = `Simulated transcript of ${call.bodyBytes.length} bytes.`;
  const format = multipartField(call, 'response_format');
  if (multipartField(call, 'stream') === 'true') {
    const words = text.split(/(?<= )/);
    return events([
      ...words.map((delta) => ({ type: 'transcript.text.delta', delta })),
      { type: 'transcript.text.done', text, usage: { type: 'tokens', input_tokens: 9, output_tokens: words.length } },
    ]);
  }
  if (format === 'text' || format === 'srt' || format === 'vtt') {
    return { status: 200, bytes: Buffer.from(`${text}\n`), contentType: 'text/plain; charset=utf-8' };
  }
  const usage = { type: 'duration', seconds: 1 };
  if (format !== 'verbose_json') return okJson({ text, usage });
  return okJson({ task: 'transcribe', language: 'english', duration: 1, text, segments: [], usage });
}

/** Events of the streaming forms of the audio routes, which end without a closing mark. */
function events(list: readonly JsonObject[]): ServiceAnswer {
  const bytes = Buffer.from(list.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
  return { status: 200, bytes, contentType: 'text/event-stream' };
}

/** Reads a plain field of a multipart body. */
export function multipartField(call: Pick<ServiceCall, 'bodyBytes'>, name: string): string | undefined {
  const text = call.bodyBytes.toString('latin1');
  return new RegExp(`name="${name}"(?:\\r?\\n[^\\r\\n]+)*\\r?\\n\\r?\\n([^\\r\\n]*)`).exec(text)?.[1];
}

/** Moderation: flags what contains the word "violence". */
export function answerModerations(call: ServiceCall): ServiceAnswer {
  const input = call.body['input'];
  const texts = Array.isArray(input) ? asList(input).map((item) => flattenContent(item)) : [flattenContent(input)];
  const results = texts.map((text) => {
    const isFlagged = text.includes('violence');
    return {
      flagged: isFlagged,
      categories: { violence: isFlagged, hate: false, 'self-harm': false, sexual: false, harassment: false },
      category_scores: { violence: isFlagged ? 0.99 : 0.01, hate: 0, 'self-harm': 0, sexual: 0, harassment: 0 },
    };
  });
  return okJson({ id: `modr-${call.sequence}`, model: call.model, results });
}

/** Reranking in the shape of Cohere and Jina: shared words decide. */
export function answerRerank(call: ServiceCall): ServiceAnswer {
  const words = new Set(asText(call.body['query']).toLowerCase().split(/\W+/).filter(Boolean));
  const documents = asList(call.body['documents']).map((item) => flattenContent(item));
  const scored = documents.map((text, index) => {
    const found = text
      .toLowerCase()
      .split(/\W+/)
      .filter((word) => words.has(word)).length;
    return { index, relevance_score: found / Math.max(1, words.size) };
  });
  scored.sort((left, right) => right.relevance_score - left.relevance_score || left.index - right.index);
  const tokens = documents.reduce((sum, text) => sum + countTokens(text), 0);
  return okJson({
    id: `rerank-${call.sequence}`,
    results: scored.slice(0, asNumber(call.body['top_n']) ?? scored.length),
    meta: { api_version: { version: '2' }, billed_units: { search_units: 1 }, tokens: { input_tokens: tokens } },
  });
}
