import { join } from 'node:path';
import { clusterServiceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods } from '../../../src/kube/resources.ts';
import { startInstalled, type InstalledBindery, type Role } from '../../support/installed-bindery.ts';
import { differingAlerts, findPromtool, reasonNotToTellRules } from '../../support/promtool/promtool.ts';
import { scrape, seriesOf, type Scrape } from '../../support/promtool/scrapes.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

const rules = join(import.meta.dirname, '..', '..', '..', 'deploy', 'monitoring', 'rules.yaml');
/** Longer than any rule waits. */
const minutes = 180;
/** How fast this machine is, with what else it has to do, is no matter of a test. */
const ofTheMachine = /^(?:nodejs_eventloop_lag|bindery_admission_duration_seconds_bucket)/;
const tell = reasonNotToTellRules === undefined ? describe : describe.skip;

tell('the alerts of a program that runs', () => {
  let promtool: string;
  let world: ServiceWorld;
  let bindery: InstalledBindery;
  beforeAll(async () => {
    promtool = await findPromtool();
    world = await ServiceWorld.start({ controllers: 'none' });
    bindery = await startInstalled(world, { controller: ['--max-retry-interval=200ms'] });
    await world.register();
  }, 1_200_000);
  afterAll(() => world?.stop());

  async function scrapes(roles: readonly Role[]): Promise<readonly Scrape[]> {
    return Promise.all(roles.map(async (role) => scrape(role, bindery[role].adminUrl)));
  }

  /**
   * Exactly these fire, if things go on as they do while `cause` is at work, which resolves when it can be seen.
   * @param roles who is there to be scraped
   */
  async function expectAlerts(
    alerts: readonly string[],
    cause: () => Promise<unknown>,
    roles: readonly Role[] = ['controller', 'webhook'],
  ): Promise<void> {
    // What came before is over.
    await waitFor(async () =>
      (await scrapes(roles)).every(({ text }) => !/^bindery_queue_depth\S* [1-9]/m.test(text)),
    );
    const before = await scrapes(roles);
    await cause();
    const after = await scrapes(roles);
    const all = before.flatMap((one, at) => seriesOf(one, after[at] ?? one, minutes));
    const series = all.filter((one) => !ofTheMachine.test(one.series));
    expect(await differingAlerts(promtool, rules, series, minutes, alerts)).toBeUndefined();
  }

  async function failures(reason: string): Promise<number> {
    const { text } = await scrape('controller', bindery.controller.adminUrl);
    const lines = [
      ...text.matchAll(
        new RegExp(`^bindery_broker_failures_total\\{.*reason="${reason}".*\\} (\\d+)$`, 'gm'),
      ),
    ];
    return lines.reduce((sum, [, value]) => sum + Number(value), 0);
  }

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
