import { beforeEach, describe, expect, it } from 'vitest';
import { createSignals, type Signals } from './signals.ts';

let nowMs = 1_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
let signals: Signals;

function fail(times: number): void {
  for (let count = 0; count < times; count++) {
    const admission = signals.of('a').begin();
    signals.of('a').end({ fault: 'upstream_error', totalMs: 1, admission });
  }
}

describe('endpoint signals', () => {
  beforeEach(() => {
    nowMs = 1_000_000;
    signals = createSignals(clock);
  });

  it('[scenario 40] opens after five faults in 30 s, admits one probe, closes on success', () => {
    fail(4);
    expect(signals.of('a').availability().state).toBe('ready');
    fail(1);
    expect(signals.of('a').availability()).toEqual({ state: 'open', untilMs: nowMs + 30_000 });
    nowMs += 30_000;
    expect(signals.of('a').availability().state).toBe('ready');
    const admission = signals.of('a').begin();
    expect(signals.of('a').availability().state).toBe('open');
    signals.of('a').end({ totalMs: 5, admission });
    expect(signals.of('a').availability().state).toBe('ready');
    fail(4);
    expect(signals.of('a').availability().state).toBe('ready');
  });

  it('doubles the open time when the probe fails, up to five minutes', () => {
    fail(5);
    for (const expectedMs of [60_000, 120_000, 240_000, 300_000, 300_000]) {
      const until = signals.of('a').availability();
      nowMs = until.state === 'open' ? until.untilMs : nowMs;
      fail(1);
      expect(signals.of('a').availability()).toEqual({ state: 'open', untilMs: nowMs + expectedMs });
    }
  });

  it('stays closed while most attempts succeed, and forgets faults older than the window', () => {
    for (let count = 0; count < 10; count++) signals.of('a').end({ totalMs: 1 });
    fail(9);
    expect(signals.of('a').availability().state).toBe('ready');
    nowMs += 31_000;
    fail(4);
    expect(signals.of('a').availability().state).toBe('ready');
  });

  it('[scenario 42] is never opened by client errors and aborts', () => {
    for (let count = 0; count < 50; count++) {
      signals.of('a').end({ fault: 'client_gone', totalMs: 1 });
      signals.of('a').end({ fault: 'upstream_rejected', totalMs: 1 });
    }
    expect(signals.of('a').availability().state).toBe('ready');
  });

  it('[scenario 33] cools for exactly the wait the upstream asked for, latest answer wins', () => {
    signals.of('a').end({ fault: 'upstream_rate_limited', retryAfterMs: 9_000, totalMs: 1 });
    signals.of('a').end({ fault: 'upstream_rate_limited', retryAfterMs: 107_000, totalMs: 1 });
    expect(signals.of('a').availability()).toEqual({ state: 'cooling', untilMs: nowMs + 107_000 });
    nowMs += 107_000;
    expect(signals.of('a').availability().state).toBe('ready');
  });

  it('waits for its one probe, whatever other attempts end meanwhile', () => {
    const before = signals.of('a').begin();
    fail(5);
    nowMs += 30_000;
    const probe = signals.of('a').begin();
    for (const sample of [
      { fault: 'client_gone', totalMs: 1 },
      { fault: 'upstream_rejected', totalMs: 1 },
      { fault: 'upstream_error', totalMs: 1 },
      { totalMs: 40_000 },
    ] as const) {
      signals.of('a').end({ ...sample, admission: before });
      expect(signals.of('a').availability().state).toBe('open');
    }
    signals.of('a').end({ fault: 'client_gone', totalMs: 1, admission: probe });
    expect(signals.of('a').availability().state).toBe('ready');
  });

  it('closes on the success of a last resort that was asked although the circuit was open', () => {
    fail(5);
    const admission = signals.of('a').begin();
    signals.of('a').end({ totalMs: 1, admission });
    expect(signals.of('a').availability().state).toBe('ready');
  });

  it('cools for no longer than a quarter of an hour, whatever the upstream asks for', () => {
    signals.of('a').end({ fault: 'upstream_rate_limited', retryAfterMs: 86_400_000, totalMs: 1 });
    expect(signals.of('a').availability()).toEqual({ state: 'cooling', untilMs: nowMs + 900_000 });
  });

  it('[scenario 36] opens at once when the credentials have no quota', () => {
    signals.of('a').end({ fault: 'upstream_quota', totalMs: 1 });
    expect(signals.of('a').availability().state).toBe('open');
  });

  it('[scenario 43] allows a tenth of the attempts as extra attempts, at least three', () => {
    const endpoint = signals.of('a');
    let extras = 0;
    for (let count = 0; count < 100; count++) endpoint.begin();
    for (let count = 0; count < 100; count++) if (endpoint.takeRetry()) extras++;
    expect(extras).toBe(10);
    nowMs += 11_000;
    extras = 0;
    for (let count = 0; count < 10; count++) if (endpoint.takeRetry()) extras++;
    expect(extras).toBe(3);
  });

  it('measures first token and speed within five per cent, and lets old traffic fade', () => {
    for (let count = 0; count < 100; count++) {
      signals.of('a').end({ firstTokenMs: 200 + count, totalMs: 1200 + count, outputTokens: 100 });
    }
    const speed = signals.of('a').speed();
    expect(speed.firstTokenP50Ms).toBeGreaterThan(250 * 0.94);
    expect(speed.firstTokenP50Ms).toBeLessThan(250 * 1.06);
    expect(speed.outputTokensPerSecond).toBeGreaterThan(94);
    expect(speed.outputTokensPerSecond).toBeLessThan(106);
    nowMs += 700_000;
    expect(signals.of('a').speed().firstTokenP50Ms).toBeUndefined();
  });
});

describe('the signals of endpoints that clients name', () => {
  it('never push out those of configured ones, and the ones used last stay', () => {
    const bounded = createSignals(clock, { isConfigured: (id) => id.startsWith('own/') });
    const own = bounded.of('own/quiet');
    const used = bounded.of('host/used');
    for (let count = 0; count < 20_000; count++) {
      bounded.of(`host/${count}`);
      if (count % 500 === 0) bounded.of('host/used');
    }
    expect(bounded.of('own/quiet')).toBe(own);
    expect(bounded.of('host/used')).toBe(used);
    expect([...bounded.all()]).toHaveLength(1001);
  });

  it('stay when the configuration comes to name them', () => {
    const named = new Set<string>();
    const bounded = createSignals(clock, { isConfigured: (id) => named.has(id) });
    const first = bounded.of('host/first');
    named.add('host/first');
    for (let count = 0; count < 2000; count++) bounded.of(`host/${count}`);
    expect(bounded.of('host/first')).toBe(first);
  });
});
