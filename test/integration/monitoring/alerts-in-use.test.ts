import { clusterServiceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods } from '../../../src/kube/resources.ts';
import type { InstalledBindery, Role } from '../../support/installed-bindery.ts';
import { reasonNotToTellRules } from '../../support/promtool/promtool.ts';
import { scrape, type Scrape } from '../../support/promtool/scrapes.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, type ServiceWorld } from '../../support/world/service-world.ts';
import { counted, expectAlerts as check, startWatchedWorld, type Watched } from './watched.ts';

const tell = reasonNotToTellRules === undefined ? describe : describe.skip;

tell('the alerts of a program that runs', () => {
  let promtool: string;
  let world: ServiceWorld;
  let bindery: InstalledBindery;
  beforeAll(async () => {
    ({ promtool, world, bindery } = await startWatchedWorld());
  }, 1_200_000);
  afterAll(() => world?.stop());

  const expectAlerts = async (
    alerts: readonly string[],
    cause: () => Promise<unknown>,
    roles: readonly Role[] = ['controller', 'webhook'],
  ): Promise<void> =>
    check({ promtool, world }, Object.assign({}, ...roles.map(processOf)) as Watched, alerts, cause);

  const processOf = (role: Role): Watched => ({ [role]: async () => scrape(role, bindery[role].adminUrl) });

  const failures = async (reason: string): Promise<number> =>
    counted(bindery.controller.adminUrl, 'bindery_broker_failures_total', `reason="${reason}"`);

  const scrapes = async (roles: readonly Role[]): Promise<readonly Scrape[]> =>
    Promise.all(roles.map(async (role) => scrape(role, bindery[role].adminUrl)));

  it('are silent while services come and go', async () => {
    await expectAlerts([], async () => {
      await world.createInstance('fine');
      await world.instance('fine', isReady, 'is ready');
      await world.remove(serviceInstances, 'fine');
      await world.gone(serviceInstances, 'fine');
    });
  });

  it('are BinderyBrokerFails for a broker that answers with errors', async () => {
    const held = world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 500 }, 'always');
    await expectAlerts(['BinderyBrokerFails'], async () => {
      await world.createInstance('unlucky');
      await waitFor(async () => (await failures('ServerError')) > 3);
    });
    held.cancel();
    await world.instance('unlucky', isReady, 'is ready');
  });

  it('are BinderyDeletionStands beside that for one that does not delete', async () => {
    const held = world.broker.script({ operation: 'deprovision' }, { kind: 'answer', status: 500 }, 'always');
    const before = await failures('ServerError');
    await expectAlerts(['BinderyBrokerFails', 'BinderyDeletionStands'], async () => {
      await world.remove(serviceInstances, 'unlucky');
      await waitFor(async () => (await failures('ServerError')) > before + 2);
    });
    held.cancel();
    await world.gone(serviceInstances, 'unlucky');
  });

  it('are BinderyBrokerDown and BinderyBrokerNotReady for one that is gone', async () => {
    const gone = await TestBroker.start();
    await gone.stop();
    await expectAlerts(['BinderyBrokerDown', 'BinderyBrokerFails', 'BinderyBrokerNotReady'], async () => {
      await world.client.create(clusterServiceBrokers, {
        apiVersion: 'servicecatalog.k8s.io/v1beta1',
        kind: clusterServiceBrokers.kind,
        metadata: { name: 'gone' },
        spec: { url: gone.url },
      } as KubeObject);
      await waitFor(async () =>
        /^bindery_broker_circuit\{broker="gone"\} 2$/m.test(
          (await scrape('c', bindery.controller.adminUrl)).text,
        ),
      );
    });
    await world.client.delete(clusterServiceBrokers, { name: 'gone' });
    await world.gone(clusterServiceBrokers, 'gone');
  });

  it('are BinderyInjectionConflicts for Pods that bindings collide with', async () => {
    await expectAlerts(['BinderyInjectionConflicts'], async () => {
      const annotations = {
        'bind.servicecatalog.k8s.io/db': 'secret/db',
        'env.bind.servicecatalog.k8s.io/db': 'HOME=uri',
      };
      const container = {
        name: 'main',
        image: 'registry.example.com/app:1',
        env: [{ name: 'HOME', value: '/' }],
      };
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'colliding', namespace: world.namespace, annotations },
        spec: { containers: [container] },
      };
      await expect(world.client.create(pods, pod as KubeObject)).rejects.toThrow(/HOME/);
    });
  });

  it('are BinderyViewStale for an API server that is away', async () => {
    await expectAlerts(['BinderyViewStale'], async () => {
      await world.controlPlane.stopApiServer();
      await waitFor(async () => {
        const all = await scrapes(['controller', 'webhook']);
        return all.every(({ text }) => Number(/^bindery_view_age_seconds (\S+)$/m.exec(text)?.[1]) > 1);
      });
    });
    await world.controlPlane.startApiServer();
    await waitFor(async () => {
      const all = await scrapes(['controller', 'webhook']);
      return all.every(({ text }) => /^bindery_view_age_seconds 0$/m.test(text));
    });
  });

  it('are BinderyNoLeader without a controller', async () => {
    await bindery.controller.stop();
    await expectAlerts(['BinderyNoLeader'], async () => undefined, ['webhook']);
  });
});
