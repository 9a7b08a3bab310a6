import { certificatesProblem } from '../base/pem.ts';
import type { KubeClient } from '../kube/client.ts';
import { isForbidden, isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { configMaps, secrets, type Resource } from '../kube/resources.ts';
import type { BrokerAuth, BrokerTls } from '../osb/options.ts';
import type { AuthSource, BrokerSpecification, CaSource, MaterialRef } from './broker-settings.ts';
import { decodeBase64, type ConfigMapObject, type SecretObject } from '../kube/data-objects.ts';

/** Everything secret or separate that a connection needs. */
export interface BrokerMaterial {
  readonly auth: BrokerAuth | undefined;
  readonly tls: BrokerTls;
}

export type MaterialResult =
  | { readonly kind: 'found'; readonly material: BrokerMaterial }
  /** `message` names the object and key that is missing. `gone`: a Secret that is named does not exist. */
  | { readonly kind: 'missing'; readonly message: string; readonly gone: boolean };

/** Reads the data of one Secret or ConfigMap as text; each object at most once per load. */
type ReadData = (resource: Resource, ref: MaterialRef) => Promise<Readonly<Record<string, string>>>;

/** Thrown inside this file only, to leave nested reading with a message for the condition. */
class MissingMaterial extends Error {
  readonly gone: boolean;
  constructor(message: string, gone = false) {
    super(message);
    this.gone = gone;
  }
}

/**
 * Reads the Secrets and ConfigMaps that a broker names. They are read by name when needed and kept in no store.
 * @throws KubeApiError, KubeConnectionError when the API server did not say whether they exist
 */
export async function loadMaterial(
  specification: BrokerSpecification,
  client: Pick<KubeClient, 'get'>,
  signal: AbortSignal,
): Promise<MaterialResult> {
  const read = dataReader(client, signal);
  try {
    const auth = await loadAuth(specification.auth, read);
    const ca = await loadCa(specification.ca, read);
    const certificate = await loadClientCertificate(specification.clientCertificate, read);
    return {
      kind: 'found',
      material: {
        auth,
        tls: { ca, insecureSkipVerify: specification.insecureSkipVerify, ...certificate },
      },
    };
  } catch (error) {
    if (error instanceof MissingMaterial)
      return { kind: 'missing', message: error.message, gone: error.gone };
    throw error;
  }
}

async function loadAuth(source: AuthSource, read: ReadData): Promise<BrokerAuth | undefined> {
  if (source.kind === 'none') return undefined;
  const data = await read(secrets, source.secret);
  const value = (key: string): string => valueOf(data, key, secrets, source.secret);
  if (source.kind === 'basic') {
    return { kind: 'basic', username: value('username'), password: value('password') };
  }
  if (source.kind === 'bearer') return { kind: 'bearer', token: value('token') };
  return {
    kind: 'oauth2',
    tokenUrl: source.tokenUrl,
    clientId: value('client_id'),
    clientSecret: value('client_secret'),
    scopes: source.scopes,
  };
}

async function loadCa(source: CaSource, read: ReadData): Promise<string | undefined> {
  if (source.kind === 'system') return undefined;
  if (source.kind === 'inline') return checkedPem(source.pem, 'spec.caBundle');
  const resource = source.kind === 'secret' ? secrets : configMaps;
  const pem = valueOf(await read(resource, source.ref), source.key, resource, source.ref);
  return checkedPem(pem, `key "${source.key}" of ${describe(resource, source.ref)}`);
}

function checkedPem(pem: string, place: string): string {
  const problem = certificatesProblem(pem);
  if (problem !== undefined) throw new MissingMaterial(`${place} ${problem}`);
  return pem;
}

async function loadClientCertificate(
  ref: MaterialRef | undefined,
  read: ReadData,
): Promise<{ readonly clientCertificate?: string; readonly clientKey?: string }> {
  if (ref === undefined) return {};
  const data = await read(secrets, ref);
  return {
    clientCertificate: valueOf(data, 'tls.crt', secrets, ref),
    clientKey: valueOf(data, 'tls.key', secrets, ref),
  };
}

function dataReader(client: Pick<KubeClient, 'get'>, signal: AbortSignal): ReadData {
  const known = new Map<string, Readonly<Record<string, string>>>();
  return async (resource, ref) => {
    const key = describe(resource, ref);
    const data = known.get(key) ?? (await readData(client, resource, ref, signal));
    known.set(key, data);
    return data;
  };
}

async function readData(
  client: Pick<KubeClient, 'get'>,
  resource: Resource,
  ref: MaterialRef,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  let object: KubeObject & (SecretObject | ConfigMapObject);
  try {
    object = await client.get(resource, ref, { signal });
  } catch (error) {
    if (isNotFound(error)) throw new MissingMaterial(`${describe(resource, ref)} does not exist`, true);
    if (isForbidden(error)) throw new MissingMaterial(`${describe(resource, ref)} may not be read`);
    throw error;
  }
  const data = object.data ?? {};
  if (resource !== secrets) return data;
  return Object.fromEntries(Object.entries(data).map(([key, encoded]) => [key, decodeBase64(encoded)]));
}

function valueOf(
  data: Readonly<Record<string, string>>,
  key: string,
  resource: Resource,
  ref: MaterialRef,
): string {
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  if (value === undefined) throw new MissingMaterial(`${describe(resource, ref)} has no key "${key}"`);
  return value;
}

function describe(resource: Resource, ref: MaterialRef): string {
  return `${resource.kind} "${ref.namespace}/${ref.name}"`;
}
