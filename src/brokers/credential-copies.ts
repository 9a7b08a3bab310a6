import { jsonChecksum } from '../base/hash.ts';
import { isObject } from '../base/json.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { labelPrefix } from '../api/group.ts';
import type { Stores } from '../model/stores.ts';
import type { KubeClient } from '../kube/client.ts';
import { isApiError, isNotFound } from '../kube/errors.ts';
import { secrets } from '../kube/resources.ts';
import { withoutWords } from '../kube/secret-refusal.ts';
import type { BrokerMaterial } from './broker-material.ts';
import type { AnyBroker, BrokerSpecification } from './broker-settings.ts';
import { decodeBase64, type SecretObject } from '../kube/data-objects.ts';

export interface CredentialCopiesDeps {
  readonly client: Pick<KubeClient, 'get' | 'patch' | 'delete'>;
  readonly stores: Pick<Stores, 'serviceInstances'>;
  readonly logger: Logger;
  /** Bindery's own. */
  readonly namespace: string;
}

const key = 'material.json';
const timeoutMs = 10_000;

/**
 * Copies of the credentials of namespaced brokers, as Secrets in Bindery's own namespace. The deletion of a namespace
 * removes its Secrets before its instances; without a copy these could never be deprovisioned after a restart. A
 * copy is made when the broker's namespace has instances and goes with the broker.
 */
export class CredentialCopies {
  readonly #deps: CredentialCopiesDeps;
  /** Checksums of what was kept, by the broker's uid. */
  readonly #kept = new Map<string, string>();

  constructor(deps: CredentialCopiesDeps) {
    this.#deps = deps;
  }

  /**
   * Keeps what was read. A copy that can not be made is logged: the broker can be used all the same.
   * @returns whether there is a copy, or none is needed; false while the namespace has no instances
   */
  async keep(
    { metadata }: AnyBroker,
    specification: BrokerSpecification,
    material: BrokerMaterial,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { uid, namespace: brokerNamespace, name: brokerName } = metadata;
    if (uid === undefined || brokerNamespace === undefined || !isReadFromObjects(specification)) return true;
    if (!this.#hasInstances(brokerNamespace)) return false;
    const checksum = jsonChecksum(material);
    if (this.#kept.get(uid) === checksum) return true;

    const { client, logger, namespace } = this.#deps;
    const name = nameOf(uid);
    const copy = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: `${labelPrefix}broker-credentials`,
      metadata: {
        namespace,
        name,
        labels: { [`${labelPrefix}broker-credentials`]: 'true' },
        annotations: { [`${labelPrefix}broker`]: `${brokerNamespace}/${brokerName}` },
      },
      data: { [key]: Buffer.from(JSON.stringify(material)).toString('base64') },
    };
    const options = { type: 'apply', fieldManager: 'bindery', force: true, signal, timeoutMs } as const;
    try {
      await client.patch(secrets, { namespace, name }, copy, options);
      this.#kept.set(uid, checksum);
      return true;
    } catch (error) {
      const broker = `${brokerNamespace}/${brokerName}`;
      const told = isApiError(error) ? withoutWords(error) : error;
      logger.warn({ broker, ...errorFields(told) }, 'no copy of the credentials could be made');
      return false;
    }
  }

  /** The copy, for a broker whose own Secrets are gone. */
  async find({ metadata }: AnyBroker, signal: AbortSignal): Promise<BrokerMaterial | undefined> {
    if (metadata.uid === undefined || metadata.namespace === undefined) return undefined;
    const ref = { namespace: this.#deps.namespace, name: nameOf(metadata.uid) };
    try {
      const copy = await this.#deps.client.get<SecretObject>(secrets, ref, { signal, timeoutMs });
      const material: unknown = JSON.parse(decodeBase64(copy.data?.[key] ?? ''));
      return isObject(material) && isObject(material['tls'])
        ? (material as unknown as BrokerMaterial)
        : undefined;
    } catch (error) {
      // Nothing to fall back on, for whatever reason: the caller says that the Secret itself is missing.
      this.#deps.logger.warn(
        { copy: ref.name, ...safeFields(error) },
        'no copy of the credentials could be read',
      );
      return undefined;
    }
  }

  /** @throws KubeApiError: the copy may still be there */
  async drop({ metadata }: AnyBroker, signal: AbortSignal): Promise<void> {
    if (metadata.uid === undefined || metadata.namespace === undefined) return;
    this.#kept.delete(metadata.uid);
    const ref = { namespace: this.#deps.namespace, name: nameOf(metadata.uid) };
    try {
      await this.#deps.client.delete(secrets, ref, { signal, timeoutMs });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #hasInstances(namespace: string): boolean {
    return this.#deps.stores.serviceInstances.store
      .list()
      .some(({ metadata }) => metadata.namespace === namespace);
  }
}

/** What stands in the broker object itself needs no copy. */
function isReadFromObjects({ auth, ca, clientCertificate }: BrokerSpecification): boolean {
  const isCaRead = ca.kind === 'configMap' || ca.kind === 'secret';
  return auth.kind !== 'none' || isCaRead || clientCertificate !== undefined;
}

function nameOf(uid: string): string {
  return `broker-credentials-${uid}`;
}

/** A parser's message quotes the text, which is a secret here. */
function safeFields(error: unknown): ReturnType<typeof errorFields> {
  const fields = errorFields(error);
  return fields['errorType'] === 'SyntaxError' ? { errorType: 'SyntaxError' } : fields;
}
