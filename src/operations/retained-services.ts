import { retainedLabel } from '../api/group.ts';
import { sha256Hex } from '../base/hash.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ConfigMapObject } from '../kube/data-objects.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import { configMaps } from '../kube/resources.ts';
import { idKey } from '../model/stores.ts';

export interface RetainedServicesDeps {
  readonly client: Pick<KubeClient, 'get' | 'create'>;
  /** Bindery's own. */
  readonly namespace: string;
}

/** What is on record of a service that stayed at its broker when its object went: a word for each key, no secrets. */
export interface RetainedService {
  /** At the broker. */
  readonly id: string;
  /** Whose it was, and who may take it up again. */
  readonly namespace: string;
  readonly name: string;
  readonly [key: string]: string;
}

/**
 * The services that stayed at their brokers when their objects went (`deletion-policy: retain`), each as a ConfigMap in
 * Bindery's own namespace. Nothing else knows their ids any more: Events are forgotten after an hour, and the namespace may be
 * gone. A record is written once and never changed or taken away by the controller: that is for operators.
 */
export class RetainedServices {
  readonly #deps: RetainedServicesDeps;

  constructor(deps: RetainedServicesDeps) {
    this.#deps = deps;
  }

  /**
   * Written before the object is let go. An older record of the same id stays as it is.
   * @returns the record, for Events about it
   * @throws KubeApiError, KubeConnectionError: nothing may be let go
   */
  async add(service: RetainedService, signal: AbortSignal): Promise<ConfigMapObject> {
    const { client, namespace } = this.#deps;
    const record: ConfigMapObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name: nameOf(service.id), labels: { [retainedLabel]: 'true' } },
      data: service,
    };
    try {
      await client.create(configMaps, record, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return record;
  }

  /**
   * The namespace that may take up the service with this id; undefined when none was retained under it.
   * @throws KubeApiError, KubeConnectionError: nobody knows
   */
  async namespaceOf(id: string, signal: AbortSignal): Promise<string | undefined> {
    const { client, namespace } = this.#deps;
    try {
      const record = await client.get<ConfigMapObject>(
        configMaps,
        { namespace, name: nameOf(id) },
        { signal },
      );
      return record.data?.['namespace'] ?? '';
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

/** Ids may hold what no name can, and count as one where they differ in case alone. */
function nameOf(id: string): string {
  return `bindery-retained-${sha256Hex(idKey(id)).slice(0, 24)}`;
}
