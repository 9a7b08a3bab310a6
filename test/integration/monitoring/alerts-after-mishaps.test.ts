import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods, type Resource } from '../../../src/kube/resources.ts';
import { freePort } from '../../support/free-port.ts';
import { kubeconfigOf, webhookFlags, type InstalledBindery } from '../../support/installed-bindery.ts';
import { reasonNotToTellRules } from '../../support/promtool/promtool.ts';
import { scrape, type Scrape } from '../../support/promtool/scrapes.ts';
import { waitFor } from '../../support/wait-for.ts';
import { refuse, refuseNoMore } from '../../support/world/refusing-policy.ts';
import { isReady, type ServiceWorld } from '../../support/world/service-world.ts';
import { counted, expectAlerts as check, startWatchedWorld, type Watched } from './watched.ts';

const tell = reasonNotToTellRules === undefined ? describe : describe.skip;
const build = join(import.meta.dirname, '..', '..', '..', 'scripts', 'build.ts');

const clusterRoles: Resource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
};
const mutating: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
};

interface ClusterRole extends KubeObject {
  readonly rules: readonly { readonly resources?: readonly string[] }[];
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

tell('the alerts after a mishap', () => {
  let promtool: string;
  let world: ServiceWorld;
  let bindery: InstalledBindery;
  beforeAll(async () => {
    ({ promtool, world, bindery } = await startWatchedWorld());
    await world.createInstance('db');
    await world.instance('db', isReady, 'is ready');
  }, 1_200_000);
  afterAll(() => world?.stop());

  const controller = async (): Promise<Scrape> => scrape('controller', bindery.controller.adminUrl);
  const both: Watched = {
    controller,
    webhook: async () => scrape('webhook', bindery.webhook.adminUrl),
  };
  const expectAlerts = async (
    alerts: readonly string[],
    cause: () => Promise<unknown>,
    watched = both,
  ): Promise<void> => check({ promtool, world }, watched, alerts, cause);
  const atController = async (family: string, label?: string): Promise<number> =>
    counted(bindery.controller.adminUrl, family, label);

  it('are BinderyPurged when somebody let a service go without its broker', async () => {
    await world.createInstance('abandoned');
    await world.instance('abandoned', isReady, 'is ready');
    await expectAlerts(['BinderyPurged'], async () => {
      const annotations = { 'servicecatalog.k8s.io/purge': 'true' };
      const ref = { namespace: world.namespace, name: 'abandoned' };
      await world.client.patch(serviceInstances, ref, { metadata: { annotations } }, { type: 'merge' });
      await world.remove(serviceInstances, 'abandoned');
      await world.gone(serviceInstances, 'abandoned');
    });
  });

  it('are BinderyCredentialsEnd for a login that has to be renewed', async () => {
    const body = {
      credentials: { password: 'of-old' },
      metadata: { expires_at: new Date(Date.now() - 86_400_000).toISOString() },
    };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body });
    await expectAlerts(['BinderyCredentialsEnd'], async () => {
      await world.createBinding('ends', 'db');
      await world.binding('ends', isReady, 'is ready');
      await waitFor(async () => (await atController('bindery_expiring_bindings', 'reason="Expired"')) === 1);
    });
    await world.remove(serviceBindings, 'ends');
    await waitFor(async () => (await atController('bindery_expiring_bindings', 'reason="Expired"')) === 0);
  });

  it('are BinderyForbidden when a right was taken away', async () => {
    const name = 'bindery-controller';
    const { rules } = await world.client.get<ClusterRole>(clusterRoles, { name });
    const fewer = rules.filter(({ resources }) => resources?.includes('events') !== true);
    expect(fewer.length).toBeLessThan(rules.length);
    const grant = async (granted: ClusterRole['rules']): Promise<unknown> =>
      world.client.patch(clusterRoles, { name }, { rules: granted }, { type: 'merge' });
    await expectAlerts(['BinderyForbidden'], async () => {
      await grant(fewer);
      for (
        let number = 0;
        (await atController('bindery_kube_answers_total', 'status="403"')) === 0;
        number++
      ) {
        await world.createInstance(`untold-${number}`);
        await world.instance(`untold-${number}`, isReady, 'is ready');
      }
    });
    await grant(rules);
  });

  it('are BinderyReconcileFails when the API server takes no status', async () => {
    await refuse(world.client, 'no-status', {
      operation: 'UPDATE',
      resource: 'serviceinstances/status',
      expression: 'false',
      message: 'none',
    });
    const ref = { namespace: world.namespace, name: 'db' };
    const how = { type: 'merge', subresource: 'status' } as const;
    const status = { operationStartTime: '2026-01-01T00:00:00Z' };
    // A policy is in force a moment after it is made.
    await waitFor(async () =>
      world.client.patch(serviceInstances, ref, { status }, { ...how, dryRun: true }).then(
        () => false,
        () => true,
      ),
    );
    const failed = async (): Promise<number> =>
      atController('bindery_reconcile_duration_seconds_count', 'outcome="failed"');
    const before = await failed();
    await expectAlerts(['BinderyReconcileFails'], async () => {
      await world.createInstance('unwritten');
      await waitFor(async () => (await failed()) > before + 3);
    });
    await refuseNoMore(world.client, 'no-status');
    await world.instance('unwritten', isReady, 'is ready');
  });

  it('are BinderyQuarrelOverCaBundle when somebody writes another authority again and again', async () => {
    const written = async (): Promise<number> => atController('bindery_ca_bundle_writes_total');
    const before = await written();
    await expectAlerts(['BinderyQuarrelOverCaBundle'], async () => {
      for (let number = 1; number <= 3; number++) {
        const { webhooks } = await world.client.get<WebhookConfiguration>(mutating, { name: 'bindery' });
        const theirs = webhooks.map((one) => ({
          ...one,
          clientConfig: { ...one.clientConfig, caBundle: undefined },
        }));
        await world.client.patch(mutating, { name: 'bindery' }, { webhooks: theirs }, { type: 'merge' });
        await waitFor(async () => (await written()) >= before + number);
      }
    });
  });

  it('are BinderyVersionsDiffer when one process is of another build', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bindery-other-'));
    try {
      const program = join(directory, 'bindery.js');
      await promisify(execFile)(process.execPath, [build, '--outfile', program]);
      const kubeconfig = await kubeconfigOf('webhook', world.controlPlane);
      const url = new URL(`https://127.0.0.1:${await freePort()}`);
      const args = webhookFlags(url);
      const other = await world.startRoleProcess({ role: 'webhook', kubeconfig, program, args });
      const all = { ...both, other: async () => scrape('other', other.adminUrl) };
      await expectAlerts(['BinderyVersionsDiffer'], async () => undefined, all);
      await other.stop();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('are BinderyRestarts for a process that begins anew', async () => {
    await expectAlerts(['BinderyRestarts'], async () => {
      await bindery.controller.stop();
      const kubeconfig = await kubeconfigOf('controller', world.controlPlane);
      const args = ['--leader-elect=false', '--max-retry-interval=200ms'];
      const again = await world.startRoleProcess({ role: 'controller', kubeconfig, args });
      bindery = { ...bindery, controller: again };
    });
  });

  it('are BinderyWebhookUnreachable when nobody answers the API server', async () => {
    await bindery.webhook.stop();
    await expectAlerts(
      ['BinderyWebhookUnreachable'],
      async () => {
        const annotations = { 'bind.servicecatalog.k8s.io/db': 'secret/db' };
        const metadata = { name: 'refused', namespace: world.namespace, annotations };
        const spec = { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };
        await expect(world.client.create(pods, { metadata, spec } as KubeObject)).rejects.toThrow();
      },
      { controller, 'api-server': webhookMetrics },
    );
  });

  /** What the API server says of webhooks. */
  async function webhookMetrics(): Promise<Scrape> {
    const lines = String(await world.client.raw('GET', '/metrics')).split('\n');
    const text = lines.filter((line) => line.includes('apiserver_admission_webhook_')).join('\n');
    return { instance: 'api-server', text, atSeconds: Date.now() / 1000 };
  }
});
