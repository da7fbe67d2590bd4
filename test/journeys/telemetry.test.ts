import { afterEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, postRaw, startFakeUpstreams } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { type FakeCollector, type ReceivedSpan, startFakeCollector } from './support/fake-collector.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${callerSpan}-01`;
const messages = [{ role: 'user', content: 'Tell me about the harbour and the ships in it.' }];

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface World {
  readonly booted: BootedProduct;
  readonly collector: FakeCollector;
  readonly fakes: readonly FakeUpstream[];
  ask(headers?: Record<string, string>, more?: object): ReturnType<typeof postRaw>;
}

async function start(telemetry: (url: string) => string, environment: Record<string, string> = {}): Promise<World> {
  const collector = await startFakeCollector();
  closers.push(() => collector.close());
  const fakes = await startFakeUpstreams(2, { prefixCache: true });
  closers.push(async () => void (await Promise.all(fakes.map((fake) => fake.close()))));
  const [first, second] = fakes;
  const booted = await bootProduct(
    `
hosts:
  first: { protocol: openai-chat, baseUrl: "${first?.baseUrl}" }
  second: { protocol: anthropic-messages, baseUrl: "${second?.baseUrl}" }
models:
  small:
    endpoints:
      - { host: first, model: mock-1, price: { input: 1, output: 2, cacheRead: 0.5 } }
    fallback: [spare]
  spare:
    endpoints:
      - { host: second, model: mock-2 }
${telemetry(collector.url)}`,
    environment,
  );
  const ask: World['ask'] = (headers, more) =>
    postRaw(`${booted.url}/v1/chat/completions`, { model: 'small', messages, ...more }, headers);
  return { booted, collector, fakes, ask };
}

const kinds = (spans: readonly ReceivedSpan[], kind: number): readonly ReceivedSpan[] =>
  spans.filter((span) => span.kind === kind);

describe('traces', () => {
  it("continue the client's trace with one span for the exchange and a child for each attempt", async () => {
    const { booted, collector, fakes, ask } = await start((url) => `telemetry: { otlpEndpoint: "${url}" }`);
    fakes[0]?.script('mock-1', 'fail=503');
    const answer = await ask({ traceparent, 'x-switchyard-session': 'talk-7' }, { stream: true });
    expect(answer.text).toContain('[DONE]');
    await booted.close();

    const [exchange, ...others] = kinds(collector.spans, 2);
    expect(others).toEqual([]);
    expect(exchange).toMatchObject({ traceId, parentSpanId: callerSpan, name: 'chat small', isError: false });
    expect(exchange?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'small',
      'gen_ai.response.model': 'mock-2',
      'gen_ai.provider.name': 'anthropic',
      'switchyard.host': 'second',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.conversation.id': 'talk-7',
      'switchyard.request.id': answer.headers['x-switchyard-request-id'],
      'switchyard.attempts': kinds(collector.spans, 3).length,
    });
    const attempts = kinds(collector.spans, 3);
    expect(attempts.length).toBeGreaterThan(1);
    for (const attempt of attempts) expect(attempt).toMatchObject({ traceId, parentSpanId: exchange?.spanId });
    expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(collector.spans.length);
    expect(attempts[0]).toMatchObject({ name: 'chat mock-1', isError: true });
    expect(attempts[0]?.attributes).toMatchObject({
      'error.type': 'upstream_overloaded',
      'http.response.status_code': 503,
    });
    const last = attempts.at(-1);
    expect(last).toMatchObject({ name: 'chat mock-2', isError: false });
    expect(last?.attributes).toMatchObject({
      'gen_ai.provider.name': 'anthropic',
      'switchyard.host': 'second',
      'gen_ai.request.model': 'mock-2',
    });
    expect(last?.attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
    expect(last?.durationMs).toBeLessThanOrEqual((exchange?.durationMs ?? 0) + 2);
    // The upstream learns nothing of the client's trace unless the operator wants it to.
    for (const fake of fakes) expect(fake.lastHeaders()).not.toHaveProperty('traceparent');
  });

  it('count cached tokens as input, and every token on one span only', async () => {
    const { booted, collector, ask } = await start((url) => `telemetry: { otlpEndpoint: "${url}" }`);
    await ask();
    const second = JSON.parse((await ask()).text) as {
      usage: { prompt_tokens: number; completion_tokens: number; prompt_tokens_details: { cached_tokens: number } };
    };
    await booted.close();
    const { attributes } = kinds(collector.spans, 3)[1] ?? { attributes: {} };
    expect(second.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(0);
    expect(attributes).toMatchObject({
      'gen_ai.usage.input_tokens': second.usage.prompt_tokens,
      'gen_ai.usage.output_tokens': second.usage.completion_tokens,
      'gen_ai.usage.cache_read.input_tokens': second.usage.prompt_tokens_details.cached_tokens,
    });
    for (const { attributes: other } of kinds(collector.spans, 2)) {
      expect(Object.keys(other).filter((name) => name.startsWith('gen_ai.usage'))).toEqual([]);
    }
  });

  it('begin with the digits of the request id where the client sends no trace', async () => {
    const { booted, collector, ask } = await start((url) => `telemetry: { otlpEndpoint: "${url}" }`);
    const answer = await ask({ traceparent: '00-zz-broken' });
    await booted.close();
    const [exchange] = kinds(collector.spans, 2);
    expect(exchange?.parentSpanId).toBeUndefined();
    expect(`req_${exchange?.traceId}`).toBe(answer.headers['x-switchyard-request-id']);
  });

  it('respect a caller that does not record its trace', async () => {
    const { booted, collector, ask } = await start((url) => `telemetry: { otlpEndpoint: "${url}" }`);
    await ask({ traceparent: traceparent.replace(/01$/, '00') });
    await booted.close();
    expect(collector.spans).toEqual([]);
  });

  it('reach the upstream when configured, in every dialect', async () => {
    const { fakes, ask } = await start((url) => `telemetry: { otlpEndpoint: "${url}", forwardTraceparent: true }`);
    await ask({ traceparent }, { model: 'small' });
    await ask({ traceparent }, { model: 'spare' });
    for (const fake of fakes) {
      expect(fake.lastHeaders()['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
      expect(fake.lastHeaders()['traceparent']).not.toContain(callerSpan);
    }
  });

  it('go where the standard environment variables say, with their headers', async () => {
    const collector = await startFakeCollector();
    closers.push(() => collector.close());
    const { booted, ask } = await start(() => '', {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=ships%20and%20more, x-token=abc',
    });
    await ask();
    await booted.close();
    expect(collector.spans).toHaveLength(2);
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'x-team': 'ships and more', 'x-token': 'abc', 'content-type': 'application/json' },
    });
  });
});

describe('metrics', () => {
  it('show health and speed of endpoints, the journal and the process', async () => {
    const { booted, fakes, ask } = await start(() => '');
    fakes[0]?.script('mock-1', 'fail=503');
    for (let count = 0; count < 6; count++) await ask({}, { stream: true });
    let text = '';
    const value = (series: string): number => {
      const line = text.split('\n').find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? Number.NaN);
    };
    // Percentiles of the journal are computed at most once a second.
    const commitP99 = 'switchyard_journal_commit_seconds{quantile="0.99"}';
    await expect
      .poll(async () => {
        text = await (await fetch(`${booted.url}/metrics`)).text();
        return value(commitP99);
      })
      .toBeGreaterThan(0);
    expect(value('switchyard_endpoint_circuit_state{endpoint="first/mock-1"}')).toBe(2);
    expect(value('switchyard_endpoint_circuit_state{endpoint="second/mock-2"}')).toBe(0);
    expect(value('switchyard_endpoint_faults_total{endpoint="first/mock-1"}')).toBeGreaterThanOrEqual(5);
    expect(value('switchyard_endpoint_attempts_total{endpoint="second/mock-2"}')).toBe(6);
    expect(value('switchyard_endpoint_first_token_seconds{endpoint="second/mock-2",quantile="0.95"}')).toBeGreaterThan(
      0,
    );
    expect(value('switchyard_attempts_total{host="second",model="mock-2",fault="none"}')).toBe(6);
    expect(value('switchyard_attempts_total{host="first",model="mock-1",fault="upstream_overloaded"}')).toBeGreaterThan(
      4,
    );
    // The second host has no price: its answers cost something, and nobody knows what.
    expect(value('switchyard_unpriced_requests_total{model="spare",host="second"}')).toBe(6);
    expect(value('switchyard_journal_accepting')).toBe(1);
    expect(value('switchyard_journal_alarm')).toBe(0);
    expect(value('switchyard_journal_frames_total')).toBeGreaterThan(6);
    expect(value('switchyard_journal_queued_bytes')).toBeGreaterThanOrEqual(0);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(value('switchyard_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
    expect(value('switchyard_trace_spans_exported_total')).toBe(0);
    // Every series has its help and type, and every line is a sample.
    for (const line of text.split('\n')) {
      expect(line).toMatch(/^$|^# (HELP|TYPE) \w+ .+|^\w+(\{(\w+="[^"]*",?)*\})? [0-9.eE+-]+$/);
    }
    await booted.close();
  });
});
