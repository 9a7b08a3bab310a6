import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isConditionTrue } from '../../../src/api/conditions.ts';
import {
  clusterServiceBrokers,
  podPresets,
  serviceBindings,
  serviceBrokers,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import { apiVersionOf, type Resource } from '../../../src/kube/resources.ts';
import { findJudges, judge, reasonNotToJudge, type Judgement } from '../../support/judges/judges.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import {
  bigger,
  neglectedBroker,
  patch,
  reached,
  readyInstance,
  states,
  working,
  type Judged,
  type State,
} from './states.ts';

const lua = readFileSync(join(import.meta.dirname, '../../../deploy/gitops/argocd/health.lua'), 'utf8');
const describeHere = reasonNotToJudge === undefined ? describe : describe.skip;

let world: ServiceWorld;
let judges: string;

async function judged(object: Judged): Promise<Judgement> {
  const [judgement] = await judge(judges, lua, [object]);
  if (judgement === undefined) throw new Error('nobody judged');
  expect(judgement.error).toBeUndefined();
  return judgement;
}

describeHere(`kstatus and the health check of Argo CD`, () => {
  beforeAll(async () => {
    world = await ServiceWorld.start({ controllers: 'none' });
    judges = await findJudges();
  }, 1_200_000);
  afterAll(() => world?.stop());

  it.each<[string, Resource, object]>([
    ['ServiceInstance', serviceInstances, { clusterServiceClassExternalName: 'x' }],
    ['ServiceBinding', serviceBindings, { instanceRef: { name: 'x' } }],
    ['ClusterServiceBroker', clusterServiceBrokers, { url: 'http://127.0.0.1:1' }],
    ['ServiceBroker', serviceBrokers, { url: 'http://127.0.0.1:1' }],
    ['PodPreset', podPresets, { selector: {} }],
  ])('take a %s that nobody has looked at for unfinished', async (_kind, resource, spec) => {
    const place = resource.namespaced ? { namespace: world.namespace } : {};
    const made = await world.client.create<Judged>(resource, {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: { name: 'new', ...place },
      spec,
    } as unknown as Judged);
    expect(await judged(made)).toMatchObject(working);
    await world.client.delete(resource, { name: 'new', ...place });
  });

  describe('with the controllers', () => {
    beforeAll(async () => {
      const flags = { maxPollInterval: '100ms' };
      world.startControllers(flags);
      await world.register();
      await readyInstance(world, 'used');
    }, 90_000);

    it.each(states)('$kstatus, $argo: a $what', expectJudged);

    it('wait for what has changed since it was looked at, as kubectl wait does', async () => {
      await readyInstance(world, 'changed');
      expect(await hasWaited('changed')).toBe(true);
      await world.stopControllers();
      await patch(world, serviceInstances, 'changed', bigger);
      const object = await world.client.get<Judged>(serviceInstances, {
        namespace: world.namespace,
        name: 'changed',
      });
      expect(isConditionTrue(object.status?.conditions, 'Ready')).toBe(true);
      expect(await judged(object)).toMatchObject(working);
      expect(await hasWaited('changed')).toBe(false);
    });

    it(`${neglectedBroker.kstatus}, ${neglectedBroker.argo}: a ${neglectedBroker.what}`, async () => {
      await world.stopControllers();
      world.startControllers({ operationTimeout: '1s' });
      await expectJudged(neglectedBroker);
    });

    it('Suspended: what somebody has paused, whatever it says', async () => {
      const annotations = { 'servicecatalog.k8s.io/paused': 'true' };
      await world.createInstance('paused', {}, annotations);
      const object = await reached(world, serviceInstances, 'paused', () => true);
      expect(await judged(object)).toMatchObject({ argo: 'Suspended' });
    });
  });
});

/** `kubectl wait` sees the condition at once, or ends in vain. */
async function hasWaited(name: string): Promise<boolean> {
  const args = [
    'wait',
    '--for=condition=Ready',
    `serviceinstance/${name}`,
    '-n',
    world.namespace,
    '--timeout=2s',
  ];
  return (await world.controlPlane.kubectl(args)).code === 0;
}

async function expectJudged({ what, resource, drive, is, kstatus, argo }: State): Promise<void> {
  const name = what
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .slice(0, 60);
  await drive(world, name);
  const judgement = await judged(await reached(world, resource, name, is));
  expect(judgement).toMatchObject({ kstatus, argo });
  expect(judgement.argoMessage).not.toBe('');
}
