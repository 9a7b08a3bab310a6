import { assert, jsonValue, property } from 'fast-check';
import { isObject, type JsonObject } from '../../../src/base/json.ts';
import { decodeFetchedBinding, decodeFetchedInstance } from '../../../src/osb/answer-decoders.ts';
import { parseCatalog } from '../../../src/osb/catalog-document.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';

/** Objects whose content is the broker's own affair: what is added there has to arrive. */
const opaque = new Set(['metadata', 'credentials', 'parameters', 'labels', 'attributes']);

/** Adds a field that OSB does not know at every level of a document. */
function withNoise(value: unknown, noise: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withNoise(item, noise));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    opaque.has(key) ? item : withNoise(item, noise),
  ]);
  return { ...Object.fromEntries(entries), 'x-vendor': noise };
}

const instance = {
  service_id: 's',
  plan_id: 'p',
  dashboard_url: 'https://d.example/',
  parameters: { a: 1 },
  maintenance_info: { version: '1.0.0' },
  metadata: { labels: { a: 'b' } },
};

const binding = {
  credentials: { a: 'b' },
  endpoints: [{ host: 'h', ports: ['1'] }],
  metadata: { expires_at: '2030-01-01T00:00:00.0Z' },
  syslog_drain_url: 'syslog://x',
  parameters: {},
};

describe('fields that nobody knows (P08)', () => {
  it('change nothing in a catalog', () => {
    const plain = parseCatalog(sampleCatalog());
    assert(
      property(jsonValue(), (noise) => {
        expect(parseCatalog(withNoise(sampleCatalog(), noise) as JsonObject)).toEqual(plain);
      }),
      { numRuns: 30 },
    );
  });

  it('change nothing in an instance or a binding', () => {
    assert(
      property(jsonValue(), (noise) => {
        expect(decodeFetchedInstance(withNoise(instance, noise) as JsonObject)).toEqual(
          decodeFetchedInstance(instance),
        );
        expect(decodeFetchedBinding(withNoise(binding, noise) as JsonObject)).toEqual(
          decodeFetchedBinding(binding),
        );
      }),
      { numRuns: 100 },
    );
  });
});
