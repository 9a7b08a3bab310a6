import { parseExact, type JsonObject } from '../../../src/base/json.ts';
import {
  decodeBinding,
  decodeFetchedBinding,
  decodeFetchedInstance,
  decodeInstance,
} from '../../../src/osb/answer-decoders.ts';

const parse = (text: string): JsonObject => parseExact(text) as JsonObject;

describe('the answer about an instance', () => {
  it('holds dashboard, labels and attributes', () => {
    const body = parse(
      '{"dashboard_url":"https://d.example/1","operation":"x","metadata":{"labels":{"a":"b"},"attributes":{"n":1.0}}}',
    );
    expect(JSON.stringify(decodeInstance(body))).toBe(
      '{"ok":true,"value":{"dashboardUrl":"https://d.example/1","metadata":{"labels":{"a":"b"},"attributes":{"n":1.0}}}}',
    );
  });

  it.each([
    ['null', null],
    ['another type', 7],
    ['javascript', 'javascript:alert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['a relative one', '/dashboard'],
    ['an endless one', `https://d.example/${'x'.repeat(5000)}`],
  ])('has no dashboard for %s', (_name, url) => {
    expect(decodeInstance({ dashboard_url: url })).toEqual({ ok: true, value: {} });
  });

  it('drops labels that are not text', () => {
    expect(decodeInstance({ metadata: { labels: { a: 'b', c: 1, d: null } } })).toEqual({
      ok: true,
      value: { metadata: { labels: { a: 'b' } } },
    });
  });

  it('fetched, holds what the broker believes', () => {
    const body = parse(
      '{"service_id":"s","plan_id":"p","parameters":{"n":12345678901234567890},"maintenance_info":{"version":"1.0.0"},"context":{}}',
    );
    const decoded = decodeFetchedInstance(body);
    expect(JSON.stringify(decoded)).toBe(
      '{"ok":true,"value":{"serviceId":"s","planId":"p","parameters":{"n":12345678901234567890},"maintenanceInfo":{"version":"1.0.0"}}}',
    );
  });
});

describe('the answer about a binding', () => {
  it('keeps the number tokens of credentials', () => {
    const text = '{"big":12345678901234567890,"one":1.0,"huge":1e400,"nested":{"port":5432}}';
    const decoded = decodeBinding(parse(`{"credentials":${text}}`));
    expect(decoded).toMatchObject({ ok: true });
    expect(decoded.ok && JSON.stringify(decoded.value.credentials)).toBe(text);
  });

  it('keeps a key named __proto__ as a key', () => {
    const decoded = decodeBinding(parse('{"credentials":{"__proto__":"x","a":"b"}}'));
    expect(decoded.ok && Object.keys(decoded.value.credentials ?? {})).toEqual(['__proto__', 'a']);
  });

  it.each(['null', undefined])('may have no credentials (%j)', (credentials) => {
    const body = credentials === undefined ? '{}' : `{"credentials":${credentials}}`;
    expect(decodeBinding(parse(body))).toEqual({ ok: true, value: { endpoints: [], warnings: [] } });
  });

  it('is bad when its credentials are no object', () => {
    expect(decodeBinding({ credentials: 'uri' })).toEqual({
      ok: false,
      problem: 'its "credentials" are not an object',
    });
  });

  it.each([
    ['the form of the specification', '2026-11-20T10:00:00.0Z', '2026-11-20T10:00:00.000Z'],
    ['no fraction', '2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['an offset', '2026-11-20T12:00:00+02:00', '2026-11-20T10:00:00.000Z'],
    ['an offset without colon', '2026-11-20T12:00:00+0200', '2026-11-20T10:00:00.000Z'],
    ['no zone', '2026-11-20T10:00:00', '2026-11-20T10:00:00.000Z'],
  ])('understands times with %s', (_name, raw, expected) => {
    const decoded = decodeBinding({ metadata: { expires_at: raw, renew_before: raw } });
    expect(decoded).toMatchObject({
      value: { metadata: { expiresAt: expected, renewBefore: expected }, warnings: [] },
    });
  });

  it.each(['tomorrow', '2026-13-45T10:00:00Z', 1_795_000_000, '20/11/2026', true])(
    'warns about the time %j and goes on',
    (raw) => {
      expect(decodeBinding({ credentials: {}, metadata: { expires_at: raw } })).toEqual({
        ok: true,
        value: {
          credentials: {},
          metadata: {},
          endpoints: [],
          warnings: ['metadata.expires_at is not an ISO 8601 time and was ignored'],
        },
      });
    },
  );

  it('keeps good endpoints and names bad ones', () => {
    const decoded = decodeBinding({
      endpoints: [
        { host: 'db.example', ports: ['5432', '9000-9010'] },
        { host: '10.0.0.1', ports: ['53'], protocol: 'udp' },
        { host: 'x', ports: ['0'] },
        { host: 'x', ports: ['9-1'] },
        { host: 'x', ports: ['65536'] },
        { host: 'x', ports: [443] },
        { host: 'x', ports: [] },
        { host: 'x', ports: ['1'], protocol: 'icmp' },
        { ports: ['1'] },
        'x:1',
      ],
    });
    expect(decoded).toMatchObject({
      value: {
        endpoints: [
          { host: 'db.example', ports: ['5432', '9000-9010'], protocol: 'tcp' },
          { host: '10.0.0.1', ports: ['53'], protocol: 'udp' },
        ],
        warnings: [2, 3, 4, 5, 6, 7, 8, 9].map(
          (index) => `endpoints[${index}] has no usable host, ports or protocol and was ignored`,
        ),
      },
    });
  });

  it('carries what only some platforms can use', () => {
    const decoded = decodeBinding({
      syslog_drain_url: 'syslog-tls://logs.example:6514',
      route_service_url: 'https://route.example',
      volume_mounts: [{ driver: 'nfs' }],
    });
    expect(decoded).toMatchObject({
      value: {
        syslogDrainUrl: 'syslog-tls://logs.example:6514',
        routeServiceUrl: 'https://route.example',
        volumeMounts: [{ driver: 'nfs' }],
      },
    });
  });

  it('fetched, holds the parameters too', () => {
    expect(decodeFetchedBinding({ credentials: {}, parameters: { a: 1 }, unknown: true })).toMatchObject({
      value: { parameters: { a: 1 } },
    });
  });
});
