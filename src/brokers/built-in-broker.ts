import { apiVersion } from '../api/group.ts';
import type { ClusterServiceBroker } from '../api/generated/cluster-service-broker.ts';
import { clusterServiceBrokers } from '../api/kinds.ts';
import {
  builtInBrokerName,
  userProvidedClass,
  userProvidedPlan,
  userProvidedPlanId,
  userProvidedServiceId,
} from '../api/user-provided.ts';
import type { Catalog } from '../osb/types.ts';
import type { BrokerRef } from './broker-ref.ts';

/** What stands for the object of a broker that is none: this process answers for it. */
export const builtInBroker: ClusterServiceBroker = Object.freeze({
  apiVersion,
  kind: clusterServiceBrokers.kind,
  metadata: Object.freeze({ name: builtInBrokerName }),
  spec: Object.freeze({ url: builtInBrokerName }),
});

export function isBuiltIn({ kind, name }: BrokerRef): boolean {
  return kind === 'ClusterServiceBroker' && name === builtInBrokerName;
}

/** What it offers. */
export const builtInCatalog: Catalog = {
  services: [
    {
      id: userProvidedServiceId,
      name: userProvidedClass,
      description:
        'A service that exists already: the parameters of the instance are the credentials of its bindings',
      bindable: true,
      planUpdateable: false,
      instancesRetrievable: false,
      bindingsRetrievable: true,
      allowContextUpdates: false,
      tags: [],
      requires: [],
      plans: [
        {
          id: userProvidedPlanId,
          name: userProvidedPlan,
          description: 'Nothing is made and nothing is deleted but the Secrets of bindings',
          free: true,
          bindingRotatable: false,
        },
      ],
    },
  ],
};
