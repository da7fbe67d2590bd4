import { describe, expect, it } from 'vitest';
import type { ListedModel } from '../../catalog/index.ts';
import type { InboundDialectId } from '../../domain/calls/dialect.ts';
import { answerModels, type ModelsQuestion } from './answer-models.ts';

const models = ['a', 'b', 'c:8b', 'd', 'secret'].map((id) => ({ id, ownedBy: 'x', description: '' }) as ListedModel);
const source = { listModels: () => models, findModel: (id: string) => models.find((model) => model.id === id) };

function ask(dialect: InboundDialectId, changes: { id?: string } & Partial<ModelsQuestion> = {}): unknown {
  const { id, ...rest } = changes;
  const route = { kind: 'models' as const, dialect, ...(id !== undefined && { id }) };
  return answerModels(source, {
    method: 'GET',
    route,
    query: '',
    key: { mayUse: (name) => name !== 'secret' },
    ...rest,
  });
}

describe('the models', () => {
  it('are listed as far as the key may use them', () => {
    expect(ask('openai-chat')).toMatchObject({ object: 'list', data: [{ id: 'a' }, {}, {}, { id: 'd' }] });
    expect(ask('openai-chat', { id: 'secret' })).toMatchObject({ code: 'model_unknown' });
  });

  it('come in pages where the dialect has them', () => {
    const anthropic = (query: string): unknown => ask('anthropic-messages', { query });
    expect(anthropic('')).toMatchObject({ has_more: false, first_id: 'a', last_id: 'd' });
    expect(anthropic('limit=2')).toMatchObject({ has_more: true, first_id: 'a', last_id: 'b' });
    expect(anthropic('limit=2&after_id=b')).toMatchObject({ has_more: false, first_id: 'c:8b', last_id: 'd' });
    expect(anthropic('limit=1&before_id=c:8b')).toMatchObject({ has_more: true, first_id: 'b', last_id: 'b' });
    expect(ask('gemini', { query: 'pageSize=2' })).toMatchObject({ models: [{}, {}], nextPageToken: 'b' });
    const last = ask('gemini', { query: 'pageSize=2&pageToken=b' });
    expect(last).toMatchObject({ models: [{ name: 'models/c:8b' }, { name: 'models/d' }] });
    expect(last).not.toHaveProperty('nextPageToken');
  });

  it('have no pages that nobody could mean', () => {
    for (const query of ['limit=0x', 'limit=-1', 'limit=1.5', 'after_id=gone', 'after_id=secret']) {
      expect(ask('anthropic-messages', { query })).toMatchObject({ code: 'invalid_request' });
    }
    expect(ask('openai-chat', { query: 'limit=x' })).toMatchObject({ object: 'list' });
  });

  it('are asked for by GET and HEAD; a posted method that no Gemini model has is no route', () => {
    expect(ask('gemini', { method: 'HEAD', id: 'c:8b' })).toMatchObject({ name: 'models/c:8b' });
    expect(ask('gemini', { method: 'POST', id: 'a:predict' })).toMatchObject({ code: 'not_found' });
    expect(ask('gemini', { method: 'POST', id: 'a' })).toMatchObject({ code: 'method_not_allowed', allow: 'GET' });
    expect(ask('openai-chat', { method: 'POST', id: 'c:8b' })).toMatchObject({ code: 'method_not_allowed' });
  });
});
