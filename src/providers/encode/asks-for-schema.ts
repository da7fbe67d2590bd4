import type { DialectId } from '../../domain/calls/dialect.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../../protocols/index.ts';

/** Does a request of this dialect demand an answer by JSON Schema? */
export function asksForSchema(dialect: DialectId, body: JsonObject): boolean {
  switch (dialect) {
    case 'openai-chat':
      return member(body['response_format'], 'type') === 'json_schema';
    case 'openai-responses':
      return member(member(body['text'], 'format'), 'type') === 'json_schema';
    case 'anthropic-messages':
      return body['output_format'] !== undefined || member(body['output_config'], 'format') !== undefined;
    case 'gemini': {
      const config = body['generationConfig'];
      return ['responseSchema', 'responseJsonSchema', 'response_schema', 'response_json_schema'].some(
        (key) => member(config, key) !== undefined,
      );
    }
    case 'bedrock-converse':
      return false;
  }
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) ? value[key] : undefined;
}
