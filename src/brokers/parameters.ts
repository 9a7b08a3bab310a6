import { isObject, isTooDeep, maxDepth, parseExact, type JsonObject } from '../base/json.ts';
import type { KubeClient } from '../kube/client.ts';
import { isForbidden, isNotFound } from '../kube/errors.ts';
import { secrets } from '../kube/resources.ts';
import type { ChecksumKey } from './checksum-key.ts';
import { withDefaults } from './default-parameters.ts';
import { parameterChecksum, type RecordedParameters } from './parameter-checksum.ts';
import { decodeBase64, type SecretObject } from './secret-object.ts';

/** `parameters` and `parametersFrom` of an instance or binding. */
export interface ParameterSource {
  readonly parameters?: object | null;
  readonly parametersFrom?:
    readonly { readonly secretKeyRef?: { readonly name?: string; readonly key?: string } | null }[] | null;
  /** What is used for whatever both leave open. */
  readonly defaults?: JsonObject | undefined;
}

export type ResolvedParameters =
  | {
      readonly kind: 'resolved';
      /** What goes to the broker; absent when there are none. */
      readonly parameters?: JsonObject;
      /** The same for a status: values from Secrets are replaced by "<redacted>". */
      readonly redacted?: JsonObject;
      /** See parameter-checksum.ts. */
      readonly checksum?: string;
    }
  /** `message` names the Secret, key or parameter that is wrong, and no value. */
  | { readonly kind: 'unavailable'; readonly message: string };

export interface ParameterDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly checksumKey: Pick<ChecksumKey, 'get'>;
}

const redactedValue = '<redacted>';

/**
 * Merges the parameters from Secrets, in order, and then the inline ones. Each Secret value is a JSON object. A
 * top-level key may come from one source only.
 * @param recorded what was sent before, or was about to be
 * @throws KubeApiError when a Secret could not be read for another reason than that it is absent or forbidden
 */
export async function resolveParameters(
  spec: ParameterSource,
  namespace: string,
  { client, checksumKey }: ParameterDeps,
  recorded: readonly (RecordedParameters | null | undefined)[],
  signal: AbortSignal,
): Promise<ResolvedParameters> {
  const merged = new Map<string, unknown>();
  const redacted = new Map<string, unknown>();

  for (const source of spec.parametersFrom ?? []) {
    const found = await readSource(source.secretKeyRef, namespace, client, signal);
    if (found.kind === 'unavailable') return found;
    for (const key of Object.keys(found.parameters)) {
      if (merged.has(key)) return duplicate(key);
      merged.set(key, found.parameters[key]);
      redacted.set(key, redactedValue);
    }
  }

  const inline = spec.parameters ?? {};
  const problem = inlineProblem(inline, spec.defaults ?? {});
  if (problem !== undefined) return unavailable(problem);
  for (const [key, value] of Object.entries(inline)) {
    if (merged.has(key)) return duplicate(key);
    merged.set(key, value);
    redacted.set(key, value);
  }

  const { defaults } = spec;
  const parameters = withDefaults(defaults, Object.fromEntries(merged));
  if (Object.keys(parameters).length === 0) return { kind: 'resolved' };
  const shown = withDefaults(defaults, Object.fromEntries(redacted));
  const checksum = parameterChecksum(await checksumKey.get(), parameters, shown, recorded);
  return { kind: 'resolved', parameters, redacted: shown, checksum };
}

function inlineProblem(parameters: object, defaults: JsonObject): string | undefined {
  if (!isObject(parameters)) return 'spec.parameters is not an object';
  if (isTooDeep(parameters)) return `spec.parameters is nested deeper than ${maxDepth} levels`;
  return isTooDeep(defaults)
    ? `the default parameters of class and plan are nested deeper than ${maxDepth} levels`
    : undefined;
}

type Found = { readonly kind: 'found'; readonly parameters: JsonObject };
type Unavailable = Extract<ResolvedParameters, { kind: 'unavailable' }>;

async function readSource(
  ref: { readonly name?: string; readonly key?: string } | null | undefined,
  namespace: string,
  client: Pick<KubeClient, 'get'>,
  signal: AbortSignal,
): Promise<Found | Unavailable> {
  if (!ref?.name || !ref.key)
    return unavailable('parametersFrom needs secretKeyRef.name and secretKeyRef.key');
  const where = `Secret "${namespace}/${ref.name}"`;

  let secret: SecretObject;
  try {
    secret = await client.get<SecretObject>(secrets, { namespace, name: ref.name }, { signal });
  } catch (error) {
    if (isNotFound(error)) return unavailable(`${where} does not exist`);
    if (isForbidden(error)) return unavailable(`${where} may not be read`);
    throw error;
  }

  const data = secret.data ?? {};
  const encoded = Object.hasOwn(data, ref.key) ? data[ref.key] : undefined;
  if (encoded === undefined) return unavailable(`${where} has no key "${ref.key}"`);
  const parameters = parseObject(decodeBase64(encoded));
  return parameters === undefined
    ? unavailable(`key "${ref.key}" of ${where} does not hold a JSON object of at most ${maxDepth} levels`)
    : { kind: 'found', parameters };
}

/** The parser's own message quotes the text, so it is dropped: the text is a secret. */
function parseObject(text: string): JsonObject | undefined {
  try {
    const value = parseExact(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function duplicate(key: string): Unavailable {
  return unavailable(`parameter "${key}" comes from more than one source`);
}

function unavailable(problem: string): Unavailable {
  return { kind: 'unavailable', message: `The parameters could not be prepared: ${problem}.` };
}
