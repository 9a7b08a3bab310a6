import { array, assert, asyncProperty, constantFrom, dictionary, letrec, oneof, string } from 'fast-check';
import { isObject, parseExact, type JsonObject } from '../../../src/base/json.ts';
import { encode } from '../../../src/bindings/credential-secret.ts';
import { secretContent, shapedContent, type SecretContent } from '../../../src/bindings/secret-content.ts';
import { credentialsIn, noteOf } from '../../../src/bindings/secret-note.ts';
import { secretKeysAnnotation } from '../../../src/api/group.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { Offering } from '../../../src/model/resolve.ts';
import { parseShape, type ShapeRule } from '../../../src/shapes/shape-rule.ts';
import { resolvePod } from '../../support/kubelet-lite/resolve-pod.ts';
import { containerOf, podWith, readerOf, textsAt } from '../support/kubelet-lite/objects.ts';

const binding: ServiceBinding = {
  metadata: { name: 'b', namespace: 'shop' },
  spec: { instanceRef: { name: 'i' } },
};
const offering = {
  scope: 'cluster',
  class: { metadata: { name: 'c' }, spec: { externalName: 'rdsmysql', clusterServiceBrokerName: 'acme' } },
  plan: { metadata: { name: 'p' }, spec: { externalName: 'small' } },
} as unknown as Offering;

/** JSON texts, so that numbers can be what JavaScript can not hold. */
const numbers = constantFrom('0', '-1', '5432', '12345678901234567890', '1.0', '1e400', '-0.10');
const { json } = letrec<{ json: string }>((tie) => ({
  json: oneof(
    { maxDepth: 3 },
    string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    numbers,
    constantFrom('null', 'true', '"postgres://u:p@h/d"'),
    array(tie('json'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    dictionary(string(), tie('json'), { maxKeys: 3 }).map(objectText),
  ),
}));
const keys = oneof(
  string({ minLength: 1, maxLength: 8 }).map((text) =>
    text.replace(/[^-._a-zA-Z0-9]/g, 'x').replace(/^\.+/, ''),
  ),
  constantFrom('host', 'hostname', 'uri', 'port', 'type', 'name', 'VCAP_SERVICES'),
).filter((key) => key !== '');
const credentials = dictionary(keys, json, { maxKeys: 10 }).map(objectText);
const shapes = constantFrom('', 'flatten', 'json=all', 'vcap,prefix=P_', 'host=hostname,flatten');

function objectText(object: Readonly<Record<string, string>>): string {
  return `{${Object.entries(object)
    .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
    .join(',')}}`;
}

function objectOf(text: string): JsonObject {
  const value = parseExact(text);
  return isObject(value) ? value : {};
}

function ruleOf(shape: string): ShapeRule {
  const parsed = parseShape(shape);
  if (parsed.kind === 'illegal') throw new Error(parsed.message);
  return parsed.rule;
}

function data(content: SecretContent): Extract<SecretContent, { kind: 'data' }> {
  if (content.kind === 'refused') throw new Error(content.message);
  return content;
}

async function filesOf(
  content: Extract<SecretContent, { kind: 'data' }>,
): Promise<Readonly<Record<string, string>>> {
  const reader = readerOf({ secrets: { s: { data: encode(content.data) } } });
  const mountPath = '/bindings/b';
  const pod = podWith({ volumeMounts: [{ name: 'v', mountPath }] }, [
    { name: 'v', secret: { secretName: 's' } },
  ]);
  return textsAt(containerOf(await resolvePod(reader, pod)), mountPath);
}

it('a container reads what the broker said, byte for byte and with exact numbers, whatever the shape', async () => {
  await assert(
    asyncProperty(credentials, shapes, async (text, shape) => {
      const received = objectOf(text);
      const files = await filesOf(data(secretContent(binding, received, offering, ruleOf(shape))));
      for (const [key, value] of Object.entries(received)) {
        expect(files[key]).toBe(typeof value === 'string' ? value : JSON.stringify(value));
      }
      expect(files['type']).toEqual(expect.any(String));
    }),
    { numRuns: 300 },
  );
});

it('an edited shape gives the Secret that would have been made with it', async () => {
  await assert(
    asyncProperty(credentials, shapes, shapes, async (text, before, after) => {
      const received = objectOf(text);
      const first = data(secretContent(binding, received, offering, ruleOf(before)));
      const metadata = { name: 's', annotations: { [secretKeysAnnotation]: noteOf(first) ?? '' } };
      const known = credentialsIn({ metadata, data: encode(first.data) });
      const edited = data(
        shapedContent(binding, known?.credentials ?? {}, offering, ruleOf(after), new Set()),
      );
      const anew = data(secretContent(binding, received, offering, ruleOf(after)));
      expect(edited).toEqual(anew);
    }),
    { numRuns: 300 },
  );
});
