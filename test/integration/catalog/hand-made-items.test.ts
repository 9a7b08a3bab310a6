import type { ClusterServiceClass } from '../../../src/api/generated/cluster-service-class.ts';
import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import {
  clusterServiceClasses,
  clusterServicePlans,
  serviceBindings,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import { queryLabels } from '../../../src/api/labels.ts';
import { jsonEqual } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { relist, removeInstance } from '../lifecycle/instance-actions.ts';

let world: ServiceWorld;
let original: ClusterServiceClass;
let plan: ClusterServicePlan;

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  const classes = await world.client.list<ClusterServiceClass>(clusterServiceClasses);
  const plans = await world.client.list<ClusterServicePlan>(clusterServicePlans);
  const named = <T extends { readonly spec: { readonly externalName: string } }>(
    items: readonly T[],
    name: string,
  ): T => {
    const found = items.find(({ spec }) => spec.externalName === name);
    if (found === undefined) throw new Error(`no ${name} in the catalog`);
    return found;
  };
  original = named(classes.items, 'postgresql');
  plan = named(plans.items, 'small');
}, 90_000);
afterAll(() => world?.stop());

/** `kubectl get -o yaml` under another name: labels and owner are those of the original. */
async function copy<T extends KubeObject & { readonly spec: object }>(
  resource: Resource,
  { metadata: { labels, ownerReferences }, spec }: T,
  name: string,
  changes: object = {},
): Promise<T> {
  return world.client.create<T>(resource, {
    metadata: { name, labels, ownerReferences },
    spec: { ...spec, ...changes },
  } as unknown as T);
}

describe('a copy of a class', () => {
  it('that has a name of its own is found by it, from the first moment on', async () => {
    const made = await copy(clusterServiceClasses, original, 'renamed', { externalName: 'renamed' });
    expect(made.metadata.labels).toEqual(queryLabels('ClusterServiceClass', made.spec));
    expect(made.metadata.labels).not.toEqual(original.metadata.labels);
  });

  it('and of its plan, unchanged, make neither the originals ambiguous nor are they taken away', async () => {
    await copy(clusterServiceClasses, original, 'copied-class');
    await copy(clusterServicePlans, plan, 'copied-plan');
    await relist(world);
    for (const selectors of [
      { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: 'small' },
      {
        clusterServiceClassExternalName: '',
        clusterServicePlanExternalName: '',
        clusterServiceClassExternalID: original.spec.externalID,
        clusterServicePlanExternalID: plan.spec.externalID,
      },
    ]) {
      await world.createInstance('db', selectors);
      const { spec } = await world.instance('db', isReady, 'is ready');
      expect(spec.clusterServiceClassRef).toEqual({ name: original.metadata.name });
      expect(spec.clusterServicePlanRef).toEqual({ name: plan.metadata.name });
      await removeInstance(world, 'db');
    }
    const kept = await world.client.get<ClusterServiceClass>(clusterServiceClasses, { name: 'copied-class' });
    expect(kept.status?.removedFromBrokerCatalog).not.toBe(true);
  });

  it('and of a plan is ready for whoever waits for it, before and after a change', async () => {
    const items = [
      [clusterServiceClasses, original],
      [clusterServicePlans, plan],
    ] as const;
    for (const [resource, item] of items) {
      await copy<KubeObject & { readonly spec: object }>(resource, item, 'awaited');
      const ref = { name: 'awaited' };
      await world.until(resource, 'awaited', isReady, 'is ready');
      await world.client.patch(resource, ref, { spec: { description: 'Another text' } }, { type: 'merge' });
      await world.until<KubeObject & { readonly status?: { readonly observedGeneration?: number } }>(
        resource,
        'awaited',
        ({ metadata, status }) => metadata.generation === 2 && status?.observedGeneration === 2,
        'is seen',
      );
    }
  });

  it('serves whoever names it', async () => {
    await copy(clusterServiceClasses, original, 'own', { externalName: 'own' });
    await copy(clusterServicePlans, plan, 'own', { clusterServiceClassRef: { name: 'own' } });
    await world.createInstance('own', {
      clusterServiceClassExternalName: 'own',
      clusterServicePlanExternalName: 'small',
    });
    await world.createBinding('own', 'own');
    await world.binding('own', isReady, 'is ready');
    const { spec } = await world.instance('own', isReady, 'is ready');
    expect(spec.clusterServiceClassRef).toEqual({ name: 'own' });
    await world.remove(serviceBindings, 'own');
    await world.gone(serviceBindings, 'own');
    await removeInstance(world, 'own');
  });
});

describe('query labels that somebody takes away or changes', () => {
  const labels = {
    'servicecatalog.k8s.io/spec.externalName': 'x',
    'servicecatalog.k8s.io/spec.externalID': null,
    'servicecatalog.k8s.io/spec.clusterServiceClassRef.name': null,
  };

  it.each([
    ['class', clusterServiceClasses, () => original],
    ['plan', clusterServicePlans, () => plan],
  ])('come back to a %s', async (_what, resource, item) => {
    const { name } = item().metadata;
    await world.client.patch(resource, { name }, { metadata: { labels } }, { type: 'merge' });
    const right = queryLabels(resource.kind, item().spec);
    await world.until(resource, name, ({ metadata }) => jsonEqual(metadata.labels, right), 'has its labels');
  });

  it('come back to an instance', async () => {
    await world.createInstance('labelled');
    const { metadata, spec } = await world.instance('labelled', isReady, 'is ready');
    const ref = { namespace: world.namespace, name: 'labelled' };
    const { 'servicecatalog.k8s.io/spec.externalID': _id, ...wrong } = labels;
    await world.client.patch(serviceInstances, ref, { metadata: { labels: wrong } }, { type: 'merge' });
    const right = queryLabels('ServiceInstance', spec);
    expect(metadata.labels).toEqual(right);
    await world.instance(
      'labelled',
      (now) => Object.entries(right).every(([key, value]) => now.metadata.labels?.[key] === value),
      'has its labels',
    );
    await removeInstance(world, 'labelled');
  });
});
