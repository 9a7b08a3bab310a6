import { removalAnnotation } from '../api/group.ts';
import { serviceBindings, serviceInstances, type Kind } from '../api/kinds.ts';
import { errorMessage } from '../base/logger.ts';
import { NextReading } from '../base/next-reading.ts';
import type { KubeClient } from '../kube/client.ts';
import { isApiError } from '../kube/errors.ts';
import { customResourceDefinitions } from '../kube/resources.ts';
import type { BrokerOperations } from '../osb/broker-operations.ts';
import type { Failure } from '../osb/outcome-types.ts';

/**
 * Who deletes a CustomResourceDefinition has the API server delete all objects of that kind, with finalizers that outlive it
 * until a controller comes along. That is no word about services and their data: nothing is deleted at a broker for it, until a
 * person says on the definition that it is meant.
 */
export class KindsInRemoval {
  readonly #readings: ReadonlyMap<Kind, NextReading<string | undefined>>;

  constructor(client: Pick<KubeClient, 'get'>) {
    const reading = (kind: Kind) => new NextReading(async () => whyNot(client, kind));
    this.#readings = new Map([serviceInstances, serviceBindings].map((kind) => [kind, reading(kind)]));
  }

  /**
   * The same operations, of which those that delete something are carried out only while its kind stays. Read live, after the
   * object that is to go was seen: the API server marks a kind before the objects of it.
   */
  guarding(client: BrokerOperations): BrokerOperations {
    return {
      catalog: (...about) => client.catalog(...about),
      provision: (...about) => client.provision(...about),
      getInstance: (...about) => client.getInstance(...about),
      update: (...about) => client.update(...about),
      deprovision: async (...about) =>
        (await this.#refusal(serviceInstances)) ?? client.deprovision(...about),
      pollInstance: (...about) => client.pollInstance(...about),
      bind: (...about) => client.bind(...about),
      getBinding: (...about) => client.getBinding(...about),
      unbind: async (...about) => (await this.#refusal(serviceBindings)) ?? client.unbind(...about),
      pollBinding: (...about) => client.pollBinding(...about),
    };
  }

  async #refusal(kind: Kind): Promise<Failure | undefined> {
    const why = await this.#readings.get(kind)?.next();
    if (why === undefined) return undefined;
    return {
      kind: 'failed',
      reason: 'Withheld',
      message: why,
      disposition: 'retry',
      orphanMitigation: false,
      sent: false,
      brokerLevel: false,
    };
  }
}

async function whyNot(client: Pick<KubeClient, 'get'>, { plural, group }: Kind): Promise<string | undefined> {
  const name = `${plural}.${group}`;
  try {
    const { metadata } = await client.get(customResourceDefinitions, { name });
    if (metadata.deletionTimestamp === undefined) return undefined;
    if (metadata.annotations?.[removalAnnotation] === 'deprovision') return undefined;
    return (
      `CustomResourceDefinition "${name}" is being deleted, and all objects of the kind with it. Nothing is deleted at the ` +
      'broker for that: "bindery uninstall" keeps the services, or deprovisions them.'
    );
  } catch (error) {
    const hint =
      isApiError(error) && error.status === 403 ? ' Apply the roles of this version of Bindery.' : '';
    return `Nobody knows whether CustomResourceDefinition "${name}" stays: ${errorMessage(error)}.${hint}`;
  }
}
