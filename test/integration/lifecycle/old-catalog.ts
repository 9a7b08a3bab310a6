import { randomUUID } from 'node:crypto';
import { apiVersion, finalizer } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  clusterServicePlans,
  serviceBrokers,
  serviceClasses,
  servicePlans,
} from '../../../src/api/kinds.ts';
import { queryLabels } from '../../../src/api/labels.ts';
import { escapeName } from '../../../src/api/names.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps, namespaces, secrets, type Resource } from '../../../src/kube/resources.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import type { CatalogDocument } from '../../support/test-broker/sample-catalog.ts';
import type { ServiceWorld } from '../../support/world/service-world.ts';

export const scopes = ['cluster', 'namespace'] as const;
export type Scope = (typeof scopes)[number];

export const serviceId = 'b2a3a9d6-0000-4000-8000-00000000db09';
export const plans = {
  small: 'b2a3a9d6-0000-4000-8000-0000000000e1',
  large: 'b2a3a9d6-0000-4000-8000-0000000000e2',
} as const;
export type Plan = keyof typeof plans;

export const oldCatalog: CatalogDocument = {
  services: [
    {
      id: serviceId,
      name: 'old',
      description: 'A database',
      bindable: true,
      plan_updateable: true,
      bindings_retrievable: true,
      plans: Object.entries(plans).map(([name, id]) => ({ id, name, description: name })),
    },
  ],
};

const longAgo = '2024-01-01T00:00:00Z';
const clusterId = 'the-cluster-as-it-was-called';

/** As Service Catalog 0.3 wrote them: no observed generation, a reason in words. */
export function condition(type: string, status: string, reason: string): object {
  return { type, status, reason, message: `The original said: ${reason}.`, lastTransitionTime: longAgo };
}

/** Brokers, classes and plans of both scopes, and the id of the cluster. */
export async function leaveCatalog(world: ServiceWorld): Promise<void> {
  const { client, namespace, broker } = world;
  const { auth, url } = broker;
  if (auth.kind !== 'basic') throw new Error('the broker is expected to ask for basic authentication');
  await client.create(configMaps, {
    metadata: { namespace: 'default', name: 'cluster-info' },
    data: { id: clusterId },
  } as KubeObject);
  await client.create(secrets, {
    metadata: { namespace, name: 'broker-auth' },
    stringData: { username: auth.username, password: auth.password },
  } as KubeObject);
  for (const scope of scopes) {
    const secretRef = scope === 'cluster' ? { namespace, name: 'broker-auth' } : { name: 'broker-auth' };
    const resource = scope === 'cluster' ? clusterServiceBrokers : serviceBrokers;
    const made = await leave(world, resource, {
      metadata: { name: 'test', finalizers: [finalizer] },
      spec: { url, relistBehavior: 'Duration', relistRequests: 0, authInfo: { basic: { secretRef } } },
      status: {
        conditions: [condition('Ready', 'True', 'FetchedCatalog')],
        reconciledGeneration: 1,
        lastCatalogRetrievalTime: new Date().toISOString(),
        lastConditionState: 'Ready',
      },
    });
    await leaveOfferings(world, scope, made);
  }
}

async function leaveOfferings(world: ServiceWorld, scope: Scope, { metadata }: KubeObject): Promise<void> {
  const isCluster = scope === 'cluster';
  // Those of a namespace had no owner.
  const ownerReferences = [
    {
      apiVersion,
      kind: clusterServiceBrokers.kind,
      name: metadata.name,
      uid: metadata.uid ?? '',
      controller: true,
      blockOwnerDeletion: false,
    },
  ];
  const owned = isCluster ? { ownerReferences } : {};
  const ofBroker = isCluster ? { clusterServiceBrokerName: 'test' } : { serviceBrokerName: 'test' };
  const classRef = { name: escapeName(serviceId) };
  const status = { removedFromBrokerCatalog: false };
  await leave(world, isCluster ? clusterServiceClasses : serviceClasses, {
    metadata: { name: classRef.name, ...owned },
    spec: {
      ...ofBroker,
      externalName: 'old',
      externalID: serviceId,
      description: 'A database',
      bindable: true,
      bindingRetrievable: true,
      planUpdatable: true,
    },
    status,
  });
  for (const [externalName, externalID] of Object.entries(plans)) {
    await leave(world, isCluster ? clusterServicePlans : servicePlans, {
      metadata: { name: escapeName(externalID), ...owned },
      spec: {
        ...ofBroker,
        ...(isCluster ? { clusterServiceClassRef: classRef } : { serviceClassRef: classRef }),
        externalName,
        externalID,
        description: externalName,
        free: false,
      },
      status,
    });
  }
}

export interface Left {
  readonly metadata: { readonly name: string } & Partial<KubeObject['metadata']>;
  readonly spec: object;
  readonly status: object;
  /** Somebody had asked for its deletion. */
  readonly isDeleted?: boolean | undefined;
  /** Without the query labels of 0.3. */
  readonly isUnlabelled?: boolean;
}

/** An object as 0.3 left it. */
export async function leave(world: ServiceWorld, resource: Resource, left: Left): Promise<KubeObject> {
  const { client, namespace } = world;
  const { kind, namespaced } = resource;
  const { name } = left.metadata;
  const ref = namespaced ? { namespace, name } : { name };
  const labels = left.isUnlabelled === true ? {} : queryLabels(kind, left.spec);
  const metadata = { labels, ...left.metadata, ...ref };
  const object = { apiVersion, kind, metadata, spec: left.spec };
  const made = await client.create<KubeObject>(resource, object);
  if (left.isDeleted === true) await client.delete(resource, ref);
  // What a new object has by default, one of 0.3 has not.
  const status = { observedGeneration: null, ...left.status };
  await client.patch(resource, ref, { status }, { type: 'merge', subresource: 'status' });
  return made;
}

/** What 0.3 had asked the broker, or somebody else had. */
export async function askBroker(
  world: ServiceWorld,
  method: 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options: { readonly body?: object; readonly behaviour?: Behaviour } = {},
): Promise<void> {
  const { broker, client, namespace } = world;
  const { auth } = broker;
  if (auth.kind !== 'basic') throw new Error('the broker is expected to ask for basic authentication');
  if (options.behaviour !== undefined) broker.script({}, options.behaviour);
  const { metadata } = await client.get<KubeObject>(namespaces, { name: namespace });
  const query = method === 'DELETE' ? `&service_id=${serviceId}&plan_id=${plans.small}` : '';
  const answer = await fetch(`${broker.url}/v2/service_instances/${path}?accepts_incomplete=true${query}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-broker-api-version': '2.14',
      authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`,
    },
    ...(method === 'DELETE'
      ? {}
      : {
          body: JSON.stringify({
            service_id: serviceId,
            ...(method === 'PUT' && !path.includes('/')
              ? { plan_id: plans.small, organization_guid: clusterId, space_guid: metadata.uid }
              : {}),
            ...(path.includes('/')
              ? { plan_id: plans.small, bind_resource: { app_guid: metadata.uid } }
              : {}),
            ...options.body,
          }),
        }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/** The spec of an instance, resolved. */
export function instanceSpec(scope: Scope, plan: Plan, externalID: string = randomUUID()): object {
  const userInfo = { username: 'ada', uid: '', groups: ['system:authenticated'], extra: {} };
  const own = { externalID, updateRequests: 0, userInfo };
  const classRef = { name: escapeName(serviceId) };
  const planRef = { name: escapeName(plans[plan]) };
  return scope === 'cluster'
    ? {
        ...own,
        clusterServiceClassExternalName: 'old',
        clusterServicePlanExternalName: plan,
        clusterServiceClassRef: classRef,
        clusterServicePlanRef: planRef,
      }
    : {
        ...own,
        serviceClassExternalName: 'old',
        servicePlanExternalName: plan,
        serviceClassRef: classRef,
        servicePlanRef: planRef,
      };
}

/** What 0.3 had on record of a request or an instance. */
export function properties(scope: Scope, plan: Plan, more: object = {}): object {
  const userInfo = { username: 'ada', uid: '', groups: ['system:authenticated'] };
  const names = { externalName: plan, externalID: plans[plan] };
  return {
    clusterServicePlanExternalName: scope === 'cluster' ? names.externalName : '',
    clusterServicePlanExternalID: scope === 'cluster' ? names.externalID : '',
    ...(scope === 'cluster'
      ? {}
      : { servicePlanExternalName: names.externalName, servicePlanExternalID: names.externalID }),
    userInfo,
    ...more,
  };
}
