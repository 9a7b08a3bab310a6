import { isObject, parseExact } from '../base/json.ts';

/** What is wrong with parameters, in words that never repeat them. */
export interface ParameterProblem {
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

const maxSizeBytes = 64 * 1024;
/** `secret:<name>/<key>`: the parameters are in a Secret of the namespace. */
const secretReference = /^secret:([a-z0-9]([a-z0-9.-]*[a-z0-9])?)\/([-._a-zA-Z0-9]+)$/;
/** Words that name things which do not belong into an annotation. */
const sensitiveKey = /passw|secret|token|credential|api-?_?key|private/i;

/** Which Secret a `params.` annotation refers to; undefined when it holds JSON itself. */
export function parametersSecret(value: string): { readonly name: string; readonly key: string } | undefined {
  const match = secretReference.exec(value);
  const [, name, , key] = match ?? [];
  return name === undefined || key === undefined ? undefined : { name, key };
}

/** Checks the value of a `params.` annotation: a JSON object of at most 64 KiB, or a reference to a Secret. */
export function parameterProblems(value: string): readonly ParameterProblem[] {
  if (value.startsWith('secret:')) {
    return parametersSecret(value) === undefined ? [fail('params is not secret:<name>/<key>')] : [];
  }
  if (Buffer.byteLength(value) > maxSizeBytes) return [fail('params is larger than 64 KiB')];
  const parsed = parse(value);
  if (!isObject(parsed)) return [fail('params is neither a JSON object nor secret:<name>/<key>')];
  if (!hasSensitiveKey(parsed)) return [];
  const message = 'params looks like it holds a secret; everyone can read it: use secret:<name>/<key>';
  return [{ message, severity: 'warning' }];
}

function parse(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

function hasSensitiveKey(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasSensitiveKey);
  if (!isObject(value)) return false;
  return Object.keys(value).some((key) => sensitiveKey.test(key) || hasSensitiveKey(value[key]));
}

function fail(message: string): ParameterProblem {
  return { message, severity: 'error' };
}
