import type { Fault } from '../../domain/faults/fault.ts';
import type {
  ContentPart,
  Json,
  JsonObject,
  Message,
  ModelCall,
  ReasoningRequest,
  ResponseFormat,
  Sampling,
} from '../../domain/calls/model-call.ts';
import type { RequestHead } from '../contract.ts';
import { FieldReader, isObject } from '../shared/field-reader.ts';
import { CallNotes, objectOf } from './call-notes.ts';
import { anthropicDialect } from './dialect-name.ts';
import { parseContent } from './parse-content.ts';
import { parseMcpServers, parseToolChoice, parseTools } from './parse-tools.ts';

/** Reads a whole Messages request into the common vocabulary; what has no word there goes to `rest`. */
export function parseCall(body: JsonObject, head: RequestHead): ModelCall | Fault {
  const fields = new FieldReader(body);
  const notes = new CallNotes();
  for (const key of ['model', 'stream']) fields.any(key);
  const maxOutputTokens = fields.number('max_tokens', 'maxOutputTokens');
  const system = parseContent(fields.any('system', 'system'), '/system', notes);
  const messages = (fields.array('messages', 'messages') ?? []).flatMap((message, at) =>
    parseMessage(message, `/messages/${at}`, notes),
  );
  const tools = parseTools(fields.array('tools', 'tools') ?? [], notes);
  const servers = parseMcpServers(fields.array('mcp_servers') ?? []);
  const serviceTier = fields.string('service_tier', 'serviceTier');
  const call: ModelCall = {
    dialect: anthropicDialect,
    model: head.model,
    stream: head.stream,
    messages: system.length > 0 ? [{ role: 'system', content: system }, ...messages] : messages,
    tools: [...tools, ...servers],
    ...parseToolChoice(fields, notes),
    ...parseOutput(fields, notes),
    sampling: parseSampling(fields, notes),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...parseMetadata(fields),
    ...(serviceTier !== undefined && { serviceTier }),
    pointers: fields.pointers,
    rest: notes.rest,
  };
  notes.close(fields);
  return notes.fault ?? call;
}

/** Tool results are turns of their own in the common vocabulary; order is kept. */
function parseMessage(message: Json, at: string, notes: CallNotes): Message[] {
  const fields = notes.open(message, at);
  const role = fields.string('role');
  const content = parseContent(fields.any('content'), `${at}/content`, notes);
  notes.close(fields);
  if (role === 'assistant' || role === 'system') return [{ role, content }];
  if (role !== 'user') notes.blame(`${at}/role`, 'must be user, assistant or system');
  const turns: { role: 'user' | 'tool'; content: ContentPart[] }[] = [];
  for (const part of content) {
    const kind = part.type === 'tool-result' ? 'tool' : 'user';
    const last = turns.at(-1);
    if (last?.role === kind) last.content.push(part);
    else turns.push({ role: kind, content: [part] });
  }
  return turns;
}

function parseSampling(fields: FieldReader, notes: CallNotes): Sampling {
  const temperature = fields.number('temperature', 'sampling.temperature');
  const topP = fields.number('top_p', 'sampling.topP');
  const topK = fields.number('top_k', 'sampling.topK');
  const stop = fields.array('stop_sequences', 'sampling.stop');
  if (stop?.some((item) => typeof item !== 'string')) notes.blame('/stop_sequences', 'must hold strings only');
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(stop !== undefined && { stop: stop.filter((item) => typeof item === 'string') }),
  };
}

/** Thinking, effort and the form of the answer: three fields that meet in `output_config`. */
function parseOutput(
  fields: FieldReader,
  notes: CallNotes,
): { readonly reasoning?: ReasoningRequest; readonly responseFormat?: ResponseFormat } {
  const output = fields.object('output_config');
  const config = new FieldReader(output ?? {}, '/output_config');
  const format = config.object('format');
  const effort = config.string('effort');
  notes.close(config);
  const older = fields.object('output_format');
  const thinking = parseThinking(fields, notes);
  if (effort !== undefined) fields.pointers['reasoning'] ??= '/output_config/effort';
  const schema = objectOf((format ?? older)?.['schema']);
  if (schema !== undefined) fields.pointers['responseFormat'] = format ? '/output_config/format' : '/output_format';
  const reasoning = { ...thinking, ...(effort !== undefined && { effort }) };
  return {
    ...(Object.keys(reasoning).length > 0 && { reasoning }),
    ...(schema !== undefined && { responseFormat: { type: 'json-schema', schema, strict: true } }),
  };
}

function parseThinking(fields: FieldReader, notes: CallNotes): ReasoningRequest {
  const value = fields.object('thinking', 'reasoning');
  if (value === undefined) return {};
  const thinking = new FieldReader(value, '/thinking');
  const type = thinking.string('type');
  const budgetTokens = thinking.number('budget_tokens');
  const display = thinking.string('display');
  notes.close(thinking);
  if (type === undefined) notes.blame('/thinking/type', 'is required');
  if (type === 'disabled') return { enabled: false };
  if (type !== 'enabled' && type !== 'adaptive' && type !== undefined) notes.rest['/thinking/type'] = type;
  return {
    enabled: true,
    ...(budgetTokens !== undefined && { budgetTokens }),
    ...(display !== undefined && { summary: display }),
  };
}

function parseMetadata(fields: FieldReader): { readonly endUser?: string; readonly metadata?: JsonObject } {
  const value = fields.object('metadata', 'metadata');
  if (!isObject(value)) return {};
  const { user_id: endUser, ...metadata } = value;
  if (typeof endUser === 'string') fields.pointers['endUser'] = '/metadata/user_id';
  return {
    ...(typeof endUser === 'string' && { endUser }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}
