import { isObject, type JsonObject } from '../base/json.ts';

/**
 * Names of the Secrets of which `spec.parametersFrom` of an instance or a binding refers to a key now, to which it did not
 * refer before: who may not read a Secret can not have another key of it sent to a broker. They are in the namespace of the object. What brokers and transforms refer to is checked by the API server
 * itself (webhook-config/policies.yaml).
 */
export function newParameterSecrets(spec: JsonObject, oldSpec: JsonObject): readonly string[] {
  const before = parameterSecrets(oldSpec);
  const news = [...parameterSecrets(spec)].filter(([ref]) => !before.has(ref));
  return [...new Set(news.map(([, name]) => name))];
}

/** Names of Secrets, by what says the name and the key. */
function parameterSecrets({ parametersFrom }: JsonObject): ReadonlyMap<string, string> {
  const sources: readonly unknown[] = Array.isArray(parametersFrom) ? parametersFrom : [];
  return new Map(
    sources.flatMap((source) => {
      const ref = isObject(source) ? source['secretKeyRef'] : undefined;
      const name = isObject(ref) ? ref['name'] : undefined;
      const key = isObject(ref) ? ref['key'] : undefined;
      return typeof name === 'string' && name !== '' ? [[JSON.stringify([name, key]), name] as const] : [];
    }),
  );
}

/** Names of the Secrets of the object's own namespace whose keys the transforms of a new binding copy. */
export function copiedSecrets({ secretTransforms }: JsonObject): readonly string[] {
  const transforms: readonly unknown[] = Array.isArray(secretTransforms) ? secretTransforms : [];
  const names = transforms.flatMap((transform) => {
    const source = isObject(transform) ? transform['addKeysFrom'] : undefined;
    const ref = isObject(source) ? source['secretRef'] : undefined;
    const name = isObject(ref) ? ref['name'] : undefined;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
  return [...new Set(names)];
}
