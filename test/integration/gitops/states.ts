import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { Condition } from '../../../src/api/generated/shared-types.ts';
import { apiVersion, orphanMitigationAnnotation } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  podPresets,
  serviceBindings,
  serviceBrokers,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import type { Operation } from '../../../src/osb/outcome-types.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { apiVersionOf, namespaces, secrets, type Resource } from '../../../src/kube/resources.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { isReady, madeNow, readyReason, type ServiceWorld } from '../../support/world/service-world.ts';

export interface Judged extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[]; readonly observedGeneration?: number };
}
type Is = (object: Judged) => boolean;

/** What the broker always does about the object. */
type Scripts = Partial<Record<Operation, Behaviour>>;

const entriesOf = (scripts: Scripts): readonly (readonly [Operation, Behaviour])[] =>
  Object.entries(scripts) as [Operation, Behaviour][];

const endless: Behaviour = { kind: 'async', polls: Infinity };
const answers = (status: number): Behaviour => ({ kind: 'answer', status });

const says =
  (type: string, reason?: string): Is =>
  ({ status }) => {
    const found = findCondition(status?.conditions, type);
    return found?.status === 'True' && (reason === undefined || found.reason === reason);
  };
const reads =
  (reason: string): Is =>
  (object) =>
    readyReason(object) === reason;
/** Whether what the broker does not delete can still be used. */
const isUnknown: Is = ({ status }) => findCondition(status?.conditions, 'Ready')?.status === 'Unknown';
const isUpToDate: Is = ({ metadata, status }) => status?.observedGeneration === metadata.generation;
const both =
  (...all: readonly Is[]): Is =>
  (object) =>
    all.every((is) => is(object));

/** A further instance, whose id the broker's script knows. */
async function instance(
  world: ServiceWorld,
  name: string,
  scripts: Scripts = {},
  spec: object = {},
  annotations: Readonly<Record<string, string>> = {},
): Promise<string> {
  const externalID = randomUUID();
  for (const [operation, behaviour] of entriesOf(scripts))
    world.broker.script({ operation, instanceId: externalID }, behaviour, 'always');
  await world.createInstance(name, { externalID, ...spec }, { ...madeNow(), ...annotations });
  return externalID;
}

export async function readyInstance(world: ServiceWorld, name: string, scripts?: Scripts): Promise<string> {
  const id = await instance(world, name, scripts);
  await reached(world, serviceInstances, name, isReady);
  return id;
}

/** Of an instance that is ready. */
async function binding(world: ServiceWorld, name: string, scripts: Scripts = {}): Promise<string> {
  const externalID = randomUUID();
  for (const [operation, behaviour] of entriesOf(scripts))
    world.broker.script({ operation, bindingId: externalID }, behaviour, 'always');
  await world.createBinding(name, 'used', { externalID }, madeNow());
  return externalID;
}

async function readyBinding(world: ServiceWorld, name: string, scripts?: Scripts): Promise<string> {
  const id = await binding(world, name, scripts);
  await reached(world, serviceBindings, name, isReady);
  return id;
}

async function broker(world: ServiceWorld, resource: Resource, name: string, spec: object): Promise<void> {
  const place = resource.namespaced ? { name, namespace: world.namespace } : { name };
  await world.client.create(resource, {
    apiVersion,
    kind: resource.kind,
    metadata: place,
    spec,
  } as KubeObject);
}

async function preset(world: ServiceWorld, name: string, spec: object): Promise<void> {
  await world.client.create(podPresets, {
    apiVersion: apiVersionOf(podPresets),
    kind: podPresets.kind,
    metadata: { name, namespace: world.namespace },
    spec: { selector: {}, ...spec },
  } as KubeObject);
}

export async function patch(
  world: ServiceWorld,
  resource: Resource,
  name: string,
  change: object,
): Promise<void> {
  const place = resource.namespaced ? { name, namespace: world.namespace } : { name };
  await world.client.patch(resource, place, change, { type: 'merge' });
}

export const bigger = { spec: { parameters: { size: 2 } } };

export async function reached(
  world: ServiceWorld,
  resource: Resource,
  name: string,
  is: Is,
): Promise<Judged> {
  return world.until<Judged>(resource, name, is, 'is in that state');
}

/** A state of the table in docs/guides/gitops.md, and who makes what of it. */
export interface State {
  readonly what: string;
  readonly resource: Resource;
  /** Brings an object of that name there. */
  readonly drive: (world: ServiceWorld, name: string) => Promise<unknown>;
  readonly is: Is;
  readonly kstatus: string;
  readonly argo: string;
}

export const working = { kstatus: 'InProgress', argo: 'Progressing' };
const done = { kstatus: 'Current', argo: 'Healthy' };
const broken = { kstatus: 'Failed', argo: 'Degraded' };
const going = { kstatus: 'Terminating', argo: 'Progressing' };

const instances: readonly Omit<State, 'resource'>[] = [
  {
    what: 'provisioning, polled',
    drive: (world, name) => instance(world, name, { provision: endless }),
    is: both(says('Reconciling'), reads('Provisioning')),
    ...working,
  },
  { what: 'ready', drive: (world, name) => instance(world, name), is: isReady, ...done },
  {
    what: 'updating, the old one usable',
    drive: async (world, name) => {
      await readyInstance(world, name, { update: endless });
      await patch(world, serviceInstances, name, bigger);
    },
    is: both(isReady, says('Reconciling'), isUpToDate),
    ...working,
  },
  {
    what: 'of which the broker refused an update',
    drive: async (world, name) => {
      await readyInstance(world, name, { update: answers(400) });
      await patch(world, serviceInstances, name, bigger);
    },
    is: both(isReady, says('Stalled', 'UpdateInstanceCallFailed')),
    ...broken,
  },
  {
    what: 'whose creation is tried again',
    drive: (world, name) => instance(world, name, { provision: answers(429) }),
    is: says('Reconciling', 'Backoff'),
    ...working,
  },
  {
    what: 'whose update is tried again',
    drive: async (world, name) => {
      await readyInstance(world, name, { update: answers(503) });
      await patch(world, serviceInstances, name, bigger);
    },
    is: both(isReady, says('Reconciling', 'Backoff')),
    ...working,
  },
  {
    what: 'that waits for its class',
    drive: (world, name) => instance(world, name, undefined, { clusterServiceClassExternalName: 'to-come' }),
    is: reads('ReferencesNonexistentServiceClass'),
    ...working,
  },
  {
    what: 'that waits for a Secret',
    drive: (world, name) =>
      instance(world, name, undefined, {
        parametersFrom: [{ secretKeyRef: { name: 'to-come', key: 'json' } }],
      }),
    is: reads('ErrorWithParameters'),
    ...working,
  },
  {
    what: 'that the broker refused',
    drive: (world, name) => instance(world, name, { provision: answers(400) }),
    is: says('Failed'),
    ...broken,
  },
  {
    what: 'whose failed creation is being cleaned up',
    drive: (world, name) =>
      instance(world, name, { provision: { ...answers(500), applies: true }, deprovision: endless }),
    is: both(says('OrphanMitigation'), says('Reconciling')),
    ...working,
  },
  {
    what: 'whose failed creation nobody may clean up',
    drive: (world, name) =>
      instance(
        world,
        name,
        { provision: { ...answers(500), applies: true } },
        {},
        { [orphanMitigationAnnotation]: 'disabled' },
      ),
    is: reads('OrphanMitigationDisabled'),
    ...broken,
  },
  {
    what: 'whose id another one has',
    drive: async (world, name) => {
      const externalID = await readyInstance(world, `${name}-first`);
      await world.createInstance(name, { externalID });
    },
    is: says('Stalled'),
    ...broken,
  },
  {
    what: 'being deleted',
    drive: async (world, name) => {
      await readyInstance(world, name, { deprovision: endless });
      await world.remove(serviceInstances, name);
    },
    is: reads('Deprovisioning'),
    ...going,
  },
  {
    what: 'that the broker does not delete',
    drive: async (world, name) => {
      await readyInstance(world, name, { deprovision: answers(500) });
      await world.remove(serviceInstances, name);
    },
    is: isUnknown,
    ...going,
  },
];

const bindings: readonly Omit<State, 'resource'>[] = [
  {
    what: 'that waits for its instance',
    drive: (world, name) => world.createBinding(name, 'to-come'),
    is: says('Reconciling'),
    ...working,
  },
  {
    what: 'that the broker makes, polled',
    drive: (world, name) => binding(world, name, { bind: endless }),
    is: reads('Binding'),
    ...working,
  },
  { what: 'ready', drive: (world, name) => binding(world, name), is: isReady, ...done },
  {
    what: 'tried again',
    drive: (world, name) => binding(world, name, { bind: answers(429) }),
    is: says('Reconciling', 'Backoff'),
    ...working,
  },
  {
    what: 'that the broker refused',
    drive: (world, name) => binding(world, name, { bind: answers(400) }),
    is: says('Failed'),
    ...broken,
  },
  {
    what: 'that is being cleaned up',
    drive: (world, name) =>
      binding(world, name, { bind: { ...answers(500), applies: true }, unbind: endless }),
    is: both(says('OrphanMitigation'), says('Reconciling')),
    ...working,
  },
  {
    what: 'whose Secret is somebody else’s',
    drive: async (world, name) => {
      const metadata = { name, namespace: world.namespace };
      await world.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata });
      await binding(world, name);
    },
    is: reads('ErrorInjectingBindResult'),
    ...working,
  },
  {
    what: 'being deleted',
    drive: async (world, name) => {
      await readyBinding(world, name, { unbind: endless });
      await world.remove(serviceBindings, name);
    },
    is: reads('Unbinding'),
    ...going,
  },
  {
    what: 'that the broker does not delete',
    drive: async (world, name) => {
      await readyBinding(world, name, { unbind: answers(500) });
      await world.remove(serviceBindings, name);
    },
    is: isUnknown,
    ...going,
  },
];

const brokers: readonly State[] = [
  {
    what: 'ServiceBroker that nobody can reach',
    resource: serviceBrokers,
    drive: (world, name) => broker(world, serviceBrokers, name, { url: 'http://127.0.0.1:1' }),
    is: says('Reconciling', 'Backoff'),
    ...working,
  },
];

/** With a short `--operation-timeout`. */
export const neglectedBroker: State = {
  what: 'ClusterServiceBroker that has shown no catalog for long',
  resource: clusterServiceBrokers,
  drive: (world, name) => broker(world, clusterServiceBrokers, name, { url: 'http://127.0.0.1:1' }),
  is: says('Stalled'),
  ...broken,
};

const presets: readonly Omit<State, 'resource'>[] = [
  {
    what: 'of a namespace without the label',
    drive: (world, name) => preset(world, name, {}),
    is: reads('NamespaceNotLabelled'),
    ...working,
  },
  {
    what: 'that Pods could not be created with',
    drive: (world, name) =>
      preset(world, name, {
        env: [
          { name: 'A', value: '$(' },
          { name: '1=', value: '' },
        ],
      }),
    is: says('Stalled', 'Invalid'),
    ...broken,
  },
  {
    what: 'that is usable',
    drive: async (world, name) => {
      const labels = { 'servicecatalog.k8s.io/pod-presets': 'enabled' };
      await world.client.patch(
        namespaces,
        { name: world.namespace },
        { metadata: { labels } },
        { type: 'merge' },
      );
      await preset(world, name, {});
    },
    is: isReady,
    ...done,
  },
];

function of(resource: Resource, states: readonly Omit<State, 'resource'>[]): readonly State[] {
  return states.map((state) => ({ ...state, what: `${resource.kind} ${state.what}`, resource }));
}

export const states: readonly State[] = [
  ...of(serviceInstances, instances),
  ...of(serviceBindings, bindings),
  ...brokers,
  ...of(podPresets, presets),
];
