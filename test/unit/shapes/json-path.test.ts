import { parseExact } from '../../../src/base/json.ts';
import { parseTemplate, renderTemplate } from '../../../src/shapes/json-path.ts';

const value = parseExact(
  '{"host":"h","ports":[5432,12345678901234567890],"tls":{"ca.crt":"PEM","on":true},"__proto__":"own"}',
);

it.each([
  ['{.host}', 'h'],
  ['{$.host}', 'h'],
  ["{['host']}", 'h'],
  ['pg://{.host}:{.ports[0]}/x', 'pg://h:5432/x'],
  ['{.ports[-1]}', '12345678901234567890'],
  ['{.ports}', '[5432,12345678901234567890]'],
  ['{.tls.ca\\.crt}', 'PEM'],
  ['{.tls["ca.crt"]}', 'PEM'],
  ['{.tls}', '{"ca.crt":"PEM","on":true}'],
  ['{.__proto__}', 'own'],
  ['{.constructor}', undefined],
  ['{.missing}', undefined],
  ['{.host.deeper}', undefined],
  ['{.ports[7]}', undefined],
])('%s gives %j', (template, expected) => {
  const parsed = parseTemplate(template);
  expect(parsed.kind === 'template' && renderTemplate(parsed.pieces, value)).toBe(expected);
});

it.each([
  '',
  'text',
  '{',
  '{}',
  '{..host}',
  '{.*}',
  '{.a[*]}',
  '{.a[?(@.b)]}',
  '{.a[0:1]}',
  '{range .a}',
  '{host}',
])('%j is refused', (template) => {
  expect(parseTemplate(template).kind).toBe('illegal');
});
