import { clusterServiceClasses, serviceInstances } from '../../../src/api/kinds.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { relist } from './instance-actions.ts';

const plan = (name: string, plan_updateable?: boolean) => ({
  id: `plan-${name}`,
  name,
  description: 'one',
  ...(plan_updateable === undefined ? {} : { plan_updateable }),
});

const catalog = (plan_updateable: boolean) => ({
  services: [
    {
      id: 'service-strict',
      name: 'strict',
      description: 'Stays',
      bindable: true,
      plan_updateable,
      plans: [plan('small'), plan('large'), plan('loose', true)],
    },
    {
      id: 'service-open',
      name: 'open',
      description: 'Goes',
      bindable: true,
      plan_updateable: true,
      plans: [plan('first'), plan('fixed', false)],
    },
  ],
});

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none', catalog: catalog(false) });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

async function ready(name: string, className: string, planName: string): Promise<void> {
  await world.createInstance(name, {
    clusterServiceClassExternalName: className,
    clusterServicePlanExternalName: planName,
  });
  await world.instance(name, isReady, 'is ready');
}

/** @returns what is said when it is refused */
async function change(name: string, spec: object): Promise<string> {
  const args = ['patch', 'serviceinstance.servicecatalog.k8s.io', name, '-n', world.namespace];
  const { code, stderr } = await world.controlPlane.kubectl([
    ...args,
    '--type=merge',
    '-p',
    JSON.stringify({ spec }),
  ]);
  return code === 0 ? '' : stderr;
}

const changePlan = (name: string, planName: string, also: object = {}): Promise<string> =>
  change(name, { clusterServicePlanExternalName: planName, ...also });

describe('kubectl apply of another plan (row 12)', () => {
  it('is refused where the class does not allow it, with the way out, and the rest of the spec can change', async () => {
    await ready('strict', 'strict', 'small');
    expect(await changePlan('strict', 'large')).toContain(
      'The Service Class strict does not allow plan changes. Keep plan "small", or make a new instance with plan "large".',
    );
    expect(await change('strict', { parameters: { size: 2 } })).toBe('');
    const isUpdated = ({ metadata, status }: ServiceInstance): boolean =>
      status?.reconciledGeneration === metadata.generation;
    await world.instance('strict', isUpdated, 'is updated');
    expect(world.broker.requestsOf('update')).toHaveLength(1);
  });

  it('goes by the word of the plan before that of the class', async () => {
    await ready('fixed', 'open', 'fixed');
    expect(await changePlan('fixed', 'first')).toContain(
      'The Service Plan fixed does not allow plan changes.',
    );
    await ready('loose', 'strict', 'loose');
    expect(await changePlan('loose', 'small')).toBe('');
  });

  it('may be a plan that nothing has, and the way back to the one that the broker has is open', async () => {
    await ready('typo', 'strict', 'small');
    expect(await changePlan('typo', 'smal')).toBe('');
    expect(await changePlan('typo', 'large')).toContain('does not allow plan changes');
    expect(await changePlan('typo', 'small')).toBe('');
  });

  it('is free while the broker has nothing', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 400 }, 1);
    await world.createInstance('new', {
      clusterServiceClassExternalName: 'strict',
      clusterServicePlanExternalName: 'small',
    });
    await world.instance('new', ({ status }) => status?.lastConditionState === 'Failed', 'has failed');
    expect(await changePlan('new', 'large')).toBe('');
    await world.instance('new', isReady, 'is ready');
  });

  it('is granted when the class allows it by now, and when the class is gone', async () => {
    await ready('later', 'strict', 'small');
    await ready('left', 'strict', 'small');
    expect(await changePlan('later', 'large')).toContain('does not allow plan changes');
    world.broker.setCatalog(catalog(true));
    await relist(world);
    // The webhook hears of it by a watch.
    await waitFor(async () => (await changePlan('later', 'large')) === '');
    world.broker.setCatalog(catalog(false));
    await relist(world);
    await waitFor(async () => (await changePlan('left', 'large', { parameters: { a: 1 } })) !== '');
    // Else a relist brings it back.
    const away = world.broker.script({ operation: 'catalog' }, { kind: 'answer', status: 503 }, 'always');
    await world.client.delete(clusterServiceClasses, { name: 'service-strict' });
    await waitFor(async () => (await changePlan('left', 'large')) === '');
    away.cancel();
    const { namespace } = world;
    expect(await world.client.get(serviceInstances, { namespace, name: 'left' })).toBeDefined();
  });
});
