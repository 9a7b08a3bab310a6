import { newParameterSecrets } from '../../../src/admission/secret-references.ts';
import type { JsonObject } from '../../../src/base/json.ts';

function from(...refs: readonly (readonly [name: string, key: string])[]): JsonObject {
  return { parametersFrom: refs.map(([name, key]) => ({ secretKeyRef: { name, key } })) };
}

it.each<[string, JsonObject, JsonObject, readonly string[]]>([
  ['the first', from(['a', 'k']), {}, ['a']],
  ['one more', from(['a', 'k'], ['b', 'k']), from(['a', 'k']), ['b']],
  ['another key of a Secret that was named before', from(['a', 'password']), from(['a', 'k']), ['a']],
  ['two keys of one, once', from(['a', 'k'], ['a', 'l']), {}, ['a']],
  ['none, in another order', from(['b', 'k'], ['a', 'k']), from(['a', 'k'], ['b', 'k']), []],
  ['none, when one is taken away', from(['a', 'k']), from(['a', 'k'], ['b', 'k']), []],
])('the Secrets that a spec newly refers to: %s', (_what, spec, oldSpec, names) => {
  expect(newParameterSecrets(spec, oldSpec)).toEqual(names);
});
