import { describe, expect, it } from 'vitest';
import { readOtlpTarget } from './otlp-settings.ts';

describe('the collector', () => {
  it('is off unless somebody names it', () => {
    expect(readOtlpTarget({}, {})).toBeUndefined();
    expect(readOtlpTarget({}, { OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBeUndefined();
    expect(readOtlpTarget({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'no address' })).toBeUndefined();
  });

  it('is the one of the configuration, else of the environment', () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://env:4318' };
    expect(readOtlpTarget({ otlpEndpoint: 'http://yaml:4318' }, environment)?.url).toBe('http://yaml:4318/v1/traces');
    expect(readOtlpTarget({}, environment)?.url).toBe('http://env:4318/v1/traces');
  });

  it('gets the route of traces once', () => {
    const urlOf = (otlpEndpoint: string): string | undefined => readOtlpTarget({ otlpEndpoint }, {})?.url;
    expect(urlOf('http://a:4318/')).toBe('http://a:4318/v1/traces');
    expect(urlOf('https://a/otlp')).toBe('https://a/otlp/v1/traces');
    expect(urlOf('https://a/otlp/v1/traces')).toBe('https://a/otlp/v1/traces');
    const exact = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a:4318/other' };
    expect(readOtlpTarget({}, exact)?.url).toBe('http://a:4318/other');
  });

  it('is turned off by the standard switch', () => {
    expect(readOtlpTarget({ otlpEndpoint: 'http://a:4318' }, { OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
  });

  it('gets headers and a service name', () => {
    const target = readOtlpTarget(
      { otlpEndpoint: 'http://a:4318', otlpHeaders: 'X-Key=a%3Db, broken, authorization=Basic 100%' },
      { OTEL_SERVICE_NAME: 'gateway-eu' },
    );
    expect(target?.headers).toEqual({ 'x-key': 'a=b', authorization: 'Basic 100%' });
    expect(target?.resource).toEqual({ 'service.name': 'gateway-eu' });
  });
});
