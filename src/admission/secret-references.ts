import { isObject, type JsonObject } from '../base/json.ts';

/**
 * Names of the Secrets that `spec.parametersFrom` of an instance or a binding refers to now and did not refer to
 * before. They are in the namespace of the object. What brokers and transforms refer to is checked by the API server
 * itself (webhook-config/policies.yaml).
 */
export function newParameterSecrets(spec: JsonObject, oldSpec: JsonObject): readonly string[] {
  const before = parameterSecrets(oldSpec);
  return [...parameterSecrets(spec)].filter((name) => !before.has(name));
}

function parameterSecrets({ parametersFrom }: JsonObject): ReadonlySet<string> {
  const sources: readonly unknown[] = Array.isArray(parametersFrom) ? parametersFrom : [];
  return new Set(
    sources.flatMap((source) => {
      const ref = isObject(source) ? source['secretKeyRef'] : undefined;
      const name = isObject(ref) ? ref['name'] : undefined;
      return typeof name === 'string' && name !== '' ? [name] : [];
    }),
  );
}
