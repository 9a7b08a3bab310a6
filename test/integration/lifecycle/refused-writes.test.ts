import type { ClusterServiceBroker } from '../../../src/api/generated/cluster-service-broker.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { clusterServiceBrokers } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { freePort } from '../../support/free-port.ts';
import { ServiceWorld, readyReason } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

const policies = policyKind('validatingadmissionpolicies', 'ValidatingAdmissionPolicy');
const policyBindings = policyKind('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding');

function policyKind(plural: string, kind: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', plural, kind, namespaced: false };
}

const brokerCount = 24;
const observedMs = 5000;

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
}, 60_000);
afterAll(() => world.stop());

/** An API server that takes no status of ours, as one whose etcd is full. */
async function refuseStatuses(): Promise<void> {
  const metadata = { name: 'no-space' };
  await world.client.create(policies, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: policies.kind,
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['servicecatalog.k8s.io'],
            apiVersions: ['*'],
            operations: ['UPDATE'],
            resources: ['clusterservicebrokers/status'],
          },
        ],
      },
      validations: [{ expression: 'false', message: 'no space' }],
    },
  } as KubeObject);
  await world.client.create(policyBindings, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: policyBindings.kind,
    metadata,
    spec: { policyName: 'no-space', validationActions: ['Deny'] },
  } as KubeObject);
}

async function createBroker(name: string, url: string): Promise<void> {
  const object = { apiVersion, kind: clusterServiceBrokers.kind, metadata: { name }, spec: { url } };
  await world.client.create(clusterServiceBrokers, object);
}

/** A policy is in force a moment after it is made. */
async function isRefused(name: string): Promise<boolean> {
  const status = { operationStartTime: '2026-01-01T00:00:00Z' };
  return world.client
    .patch<ClusterServiceBroker>(
      clusterServiceBrokers,
      { name },
      { status },
      {
        type: 'merge',
        subresource: 'status',
      },
    )
    .then(
      () => false,
      (error: unknown) => String(error).includes('no space'),
    );
}

it('24 failing brokers whose status can not be written make no storm, and are told of soon after it can', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const names = Array.from({ length: brokerCount }, (_, number) => `dead-${number}`);
  await Promise.all(names.map((name) => createBroker(name, url)));
  await refuseStatuses();
  await waitFor(() => isRefused('dead-0'), { describe: 'statuses are refused' });

  world.startControllers();
  const isStatus = (write: string): boolean => write === 'PATCH clusterservicebrokers';
  const count = (): number => world.writes.filter(isStatus).length;
  // The finalizers, and a first status of most of them.
  await waitFor(() => count() > brokerCount * 1.5, { describe: 'the brokers are looked at' });
  const before = count();
  const startedMs = performance.now();
  await waitFor(() => performance.now() - startedMs > observedMs);
  expect(count() - before).toBeLessThan((observedMs / 1000) * 20);

  await world.client.delete(policyBindings, { name: 'no-space' });
  await world.client.delete(policies, { name: 'no-space' });
  for (const name of names) {
    const isTold = (broker: KubeObject): boolean => readyReason(broker) === 'ErrorFetchingCatalog';
    await world.until(clusterServiceBrokers, name, isTold, 'says what is wrong');
  }
});
