import { maxParametersBytes } from '../api/free-form.ts';
import { compactJson, type JsonText } from '../base/json-text.ts';
import { isObject, isTooDeep, maxDepth, parseExact, type JsonObject } from '../base/json.ts';
import type { KubeClient } from '../kube/client.ts';
import { isForbidden, isNotFound } from '../kube/errors.ts';
import { secrets } from '../kube/resources.ts';
import type { ChecksumKey } from './checksum-key.ts';
import { withDefaults } from '../api/default-parameters.ts';
import {
  checksumBy,
  parameterChecksum,
  shownInStatus,
  type RecordedParameters,
} from './parameter-checksum.ts';
import { decodeBase64, type SecretObject } from '../kube/data-objects.ts';

/** `parameters` and `parametersFrom` of an instance or binding. */
export interface ParameterSource {
  readonly parameters?: object | null;
  readonly parametersFrom?:
    readonly { readonly secretKeyRef?: { readonly name?: string; readonly key?: string } | null }[] | null;
  /** What is used for whatever both leave open. */
  readonly defaults?: JsonObject | undefined;
}

/** Top-level names of parameters that the spec does not have itself. */
export interface ParameterOrigins {
  readonly fromSecrets: ReadonlySet<string>;
  /** Of class and plan. */
  readonly fromDefaults: ReadonlySet<string>;
}

export type ResolvedParameters =
  | {
      readonly kind: 'resolved';
      /** What goes to the broker; absent when there are none. */
      readonly parameters?: JsonObject | JsonText;
      /** The same for a status: values from Secrets are replaced by "<redacted>", and large ones by what tells them apart. */
      readonly redacted?: JsonObject;
      /** See parameter-checksum.ts. */
      readonly checksum?: string;
      /** The same by the key that there is now, whatever is recorded. */
      readonly keyed?: string;
      readonly origins?: ParameterOrigins;
    }
  /** `message` names the Secret, key or parameter that is wrong, and no value. */
  | { readonly kind: 'unavailable'; readonly message: string }
  /** Until the spec changes. */
  | { readonly kind: 'refused'; readonly message: string };

export interface ParameterDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly checksumKey: Pick<ChecksumKey, 'get'>;
}

/** The Secrets that `parametersFrom` names. Each is read once, whatever number of its keys is named. */
export function namedSecrets({
  parametersFrom,
}: Pick<ParameterSource, 'parametersFrom'>): ReadonlySet<string> {
  return new Set((parametersFrom ?? []).flatMap(({ secretKeyRef }) => secretKeyRef?.name || []));
}

const redactedValue = '<redacted>';

/**
 * Merges the parameters from Secrets, in order, and then the inline ones. Each Secret value is a JSON object. A
 * top-level key may come from one source only, and there is a limit to all of them together.
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
  const inline = spec.parameters ?? {};
  const defaults = spec.defaults ?? {};
  const problem = inlineProblem(inline, defaults);
  if (problem !== undefined) return unavailable(problem);
  if (bytesOf(defaults) > maxParametersBytes)
    return excessive('the default parameters of class and plan have');

  const found = await readSources(spec, namespace, client, signal);
  if (found.kind === 'unavailable') return found;
  const { merged, bytes } = found;
  if (bytes + bytesOf(inline) > maxParametersBytes) {
    return excessive('spec.parameters and parametersFrom have together');
  }
  const fromSecrets = new Set(merged.keys());
  const redacted = new Map<string, unknown>([...fromSecrets].map((key) => [key, redactedValue]));
  for (const [key, value] of Object.entries(inline)) {
    if (merged.has(key)) return duplicate(key);
    merged.set(key, value);
    redacted.set(key, value);
  }

  const parameters = withDefaults(defaults, Object.fromEntries(merged));
  if (Object.keys(parameters).length === 0) return { kind: 'resolved' };
  const shown = withDefaults(defaults, Object.fromEntries(redacted));
  const key = await checksumKey.get();
  const checksum = parameterChecksum(key, parameters, shown, recorded);
  return {
    kind: 'resolved',
    parameters: compactJson(parameters),
    redacted: shownInStatus(shown),
    checksum,
    keyed: checksumBy(key, parameters),
    origins: {
      fromSecrets,
      fromDefaults: new Set(Object.keys(defaults).filter((key) => !merged.has(key))),
    },
  };
}

interface Sources {
  readonly kind: 'read';
  readonly merged: Map<string, unknown>;
  readonly bytes: number;
}

async function readSources(
  { parametersFrom }: ParameterSource,
  namespace: string,
  client: Pick<KubeClient, 'get'>,
  signal: AbortSignal,
): Promise<Sources | Unavailable> {
  const merged = new Map<string, unknown>();
  const read = readOnce(namespace, client, signal);
  let bytes = 0;
  for (const source of parametersFrom ?? []) {
    const found = await readSource(source.secretKeyRef, namespace, read);
    if (found.kind === 'unavailable') return found;
    bytes += found.bytes;
    if (bytes > maxParametersBytes) return excessive('the parameters of parametersFrom have together');
    for (const key of Object.keys(found.parameters)) {
      if (merged.has(key)) return duplicate(key);
      merged.set(key, found.parameters[key]);
    }
  }
  return { kind: 'read', merged, bytes };
}

function bytesOf(parameters: object): number {
  return Buffer.byteLength(JSON.stringify(parameters));
}

/** Not for good: what is too large may be in a Secret, a class or a plan, and become smaller there. */
function excessive(what: string): Unavailable {
  return unavailable(`${what} more than the ${maxParametersBytes} bytes that are allowed`);
}

function inlineProblem(parameters: object, defaults: JsonObject): string | undefined {
  if (!isObject(parameters)) return 'spec.parameters is not an object';
  if (isTooDeep(parameters)) return `spec.parameters is nested deeper than ${maxDepth} levels`;
  return isTooDeep(defaults)
    ? `the default parameters of class and plan are nested deeper than ${maxDepth} levels`
    : undefined;
}

type Found = { readonly kind: 'found'; readonly parameters: JsonObject; readonly bytes: number };
type Unavailable = Extract<ResolvedParameters, { kind: 'unavailable' }>;

type Read = (name: string) => Promise<SecretObject>;

/** All keys of a Secret come from the same state of it. */
function readOnce(namespace: string, client: Pick<KubeClient, 'get'>, signal: AbortSignal): Read {
  const known = new Map<string, SecretObject>();
  return async (name) => {
    const secret =
      known.get(name) ?? (await client.get<SecretObject>(secrets, { namespace, name }, { signal }));
    known.set(name, secret);
    return secret;
  };
}

async function readSource(
  ref: { readonly name?: string; readonly key?: string } | null | undefined,
  namespace: string,
  read: Read,
): Promise<Found | Unavailable> {
  if (!ref?.name || !ref.key)
    return unavailable('parametersFrom needs secretKeyRef.name and secretKeyRef.key');
  const where = `Secret "${namespace}/${ref.name}"`;

  let secret: SecretObject;
  try {
    secret = await read(ref.name);
  } catch (error) {
    if (isNotFound(error)) return unavailable(`${where} does not exist`);
    if (isForbidden(error)) return unavailable(`${where} may not be read`);
    throw error;
  }

  const data = secret.data ?? {};
  const encoded = Object.hasOwn(data, ref.key) ? data[ref.key] : undefined;
  if (encoded === undefined) return unavailable(`${where} has no key "${ref.key}"`);
  const text = decodeBase64(encoded);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxParametersBytes) return excessive(`key "${ref.key}" of ${where} has`);
  const parameters = parseObject(text);
  return parameters === undefined
    ? unavailable(`key "${ref.key}" of ${where} does not hold a JSON object of at most ${maxDepth} levels`)
    : { kind: 'found', parameters, bytes };
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
