import {
  array,
  assert,
  constantFrom,
  dictionary,
  jsonValue,
  letrec,
  oneof,
  pre,
  property,
  string,
} from 'fast-check';
import { parseReview } from '../../../src/admission/parse-review.ts';

/** What the API server writes before the object. */
const head =
  '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"object":';
const tail = ',"oldObject":null,"dryRun":false,"options":{"kind":"CreateOptions"}}}';

function review(object: unknown): string {
  return head + JSON.stringify(object) + tail;
}

/** The same with every non-empty list of objects under the key emptied, by an honest parser. */
function expected(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) =>
    key === 'managedFields' && Array.isArray(value) && isObject(value[0]) ? [] : value,
  );
}

/** No list under the key begins with an object and ends with something else: no API server sends that. */
function isPossible(text: string): boolean {
  let isSo = true;
  JSON.parse(text, (key, value: unknown) => {
    if (key === 'managedFields' && Array.isArray(value) && isObject(value[0]))
      isSo &&= isObject(value.at(-1));
    return value;
  });
  return isSo;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe('managed fields', () => {
  const entry = (manager: string): object => ({
    manager,
    fieldsV1: { 'f:metadata': { 'k:{"a":"b"}': { '.': {} } } },
  });

  it('of a Pod come out empty', () => {
    const object = {
      metadata: { name: 'x', managedFields: [entry('kubectl'), entry('kubelet')] },
      spec: { a: [{}] },
    };
    expect(parseReview(review(object))).toEqual(expected(review(object)));
    expect(parseReview(review(object))).toMatchObject({
      request: { object: { metadata: { name: 'x', managedFields: [] } } },
    });
  });

  it.each(['x}]', '}],"spec":{}}', '"}]', '\\"}]', '\\', '}]}]}]', '"managedFields":[{', ',', ''])(
    'a manager that calls itself %j changes nothing else',
    (manager) => {
      const object = {
        metadata: { managedFields: [entry(manager), entry('z')], after: 1 },
        spec: { managedFields: 3 },
      };
      const parsed = parseReview(review(object)) as {
        request: { object: { spec: unknown; metadata: { after: unknown } } };
      };
      expect(parsed.request.object.spec).toEqual({ managedFields: 3 });
      expect(parsed.request.object.metadata.after).toBe(1);
    },
  );

  it('with lists inside are read in full', () => {
    const object = { metadata: { managedFields: [{ list: [{ a: 1 }], more: 2 }] }, spec: {} };
    expect(parseReview(review(object))).toEqual(JSON.parse(review(object)));
  });

  it.each(['"apps"', '"batch"'])('of group %s as well', (group) => {
    const text = review({ metadata: { managedFields: [{}] } }).replace('"group":""', `"group":${group}`);
    expect(parseReview(text)).toMatchObject({ request: { object: { metadata: { managedFields: [] } } } });
  });

  it('of our own kinds are left, since a parameter may be called so', () => {
    const text = review({ spec: { parameters: { managedFields: [{ a: 1 }] } } }).replace(
      '"group":""',
      '"group":"servicecatalog.k8s.io"',
    );
    expect(parseReview(text)).toEqual(JSON.parse(text));
  });

  it('a key that only ends like it is another key', () => {
    const object = { metadata: { 'x"managedFields': [{ a: 1 }] } };
    expect(parseReview(review(object))).toEqual(JSON.parse(review(object)));
  });
});

it.each(['', '{', '{"a":}', `${head}{}`, review({}).slice(0, -1), `${review({ managedFields: [{}] })}]`])(
  'what is not JSON is an error: %.30j',
  (text) => {
    expect(() => parseReview(text)).toThrow(SyntaxError);
  },
);

it('for any object the result is the same as with an honest parser, or has lists that were not skipped', () => {
  const key = oneof(constantFrom('managedFields', 'a}]', '"', '\\'), string());
  const text = oneof(constantFrom('}]', '"}]', '\\', '}],"a":[{"', '"managedFields":[{'), string());
  const { value } = letrec<{ value: unknown; list: unknown[]; object: Record<string, unknown> }>((tie) => ({
    value: oneof({ maxDepth: 5 }, text, jsonValue({ maxDepth: 1 }), tie('list'), tie('object')),
    list: array(tie('value'), { maxLength: 3 }),
    object: dictionary(key, tie('value'), { maxKeys: 3 }),
  }));
  assert(
    property(value, (object) => {
      const original = review(object);
      pre(isPossible(original));
      const parsed = parseReview(original);
      // Emptying what is left makes both the same: nothing else was lost or invented.
      expect(expected(JSON.stringify(parsed))).toEqual(expected(original));
    }),
    { numRuns: 2_000 },
  );
});
