import { hastyArgs } from '../workloads/kept-services.ts';
import { requestedFor } from '../workloads/requested-services.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { deployments, pods } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { kubectlReader } from '../../support/kubelet-lite/kubectl-reader.ts';
import { resolvePod } from '../../support/kubelet-lite/resolve-pod.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const source = 'request/postgresql/small';

interface Pod extends KubeObject {
  readonly spec: {
    readonly volumes?: readonly { readonly name: string; readonly projected?: object }[];
    readonly containers: readonly {
      readonly name: string;
      readonly env?: readonly { readonly name: string }[];
    }[];
  };
}

let world: ServiceWorld;
let bindery: BinderyProcess;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  bindery = await world.startBindery('--leader-elect=false', ...hastyArgs);
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

interface Annotated {
  readonly workload?: Readonly<Record<string, string>>;
  readonly template?: Readonly<Record<string, string>>;
}

async function deploy(name: string, { workload = {}, template = {} }: Annotated): Promise<void> {
  await world.client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: world.namespace, annotations: workload },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: template },
        spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
      },
    },
  } as KubeObject);
}

function podOf(name: string, condition: (pod: Pod) => boolean = () => true): Promise<Pod> {
  return waitFor(
    async () => {
      const query = { namespace: world.namespace, labelSelector: `app=${name}` };
      const { items } = await world.client.list<Pod>(pods, query);
      return items.find((pod) => pod.metadata.deletionTimestamp === undefined && condition(pod));
    },
    { timeoutMs: 45_000, describe: `a Pod of ${name}` },
  );
}

/** Requests that reached the webhook for Pods, whatever came of them. */
async function podReviews(): Promise<number> {
  const counts = (await bindery.metrics()).matchAll(
    /^bindery_admission\w*_count\{[^}]*path="\/mutate\/pods"[^}]*\} (\d+)/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function isInjected(pod: Pod): boolean {
  return (
    pod.spec.volumes?.some(({ projected, name }) => projected !== undefined && name.startsWith('sb-')) ===
    true
  );
}

describe('a Deployment', () => {
  it('annotated at the workload level is injected', async () => {
    await deploy('outer', { workload: { [bind]: source } });
    expect(isInjected(await podOf('outer'))).toBe(true);
  });

  it('annotated at the template level is injected, and gets a service of its own', async () => {
    await deploy('inner', { template: { [bind]: source } });
    expect(isInjected(await podOf('inner'))).toBe(true);
    for (const workload of ['outer', 'inner']) {
      const { login } = requestedFor(world.namespace, workload, 'db');
      await world.binding(login, ({ status }) => status?.binding?.name === login, 'is bound');
    }
    expect(world.broker.liveInstances().length).toBe(2);
  });

  it('not annotated at all is never sent to the webhook', async () => {
    using _ = world.undisturbed('counts the reviews of one process');
    await deploy('asks', { workload: { [bind]: source } });
    await podOf('asks');
    const before = await podReviews();
    expect(before).toBeGreaterThanOrEqual(1);
    await deploy('plain', {});
    expect(isInjected(await podOf('plain'))).toBe(false);
    expect(await podReviews()).toBe(before);
    await world.remove(deployments, 'asks');
  });

  it('finds the credentials where the annotation says: files, type, and variables', async () => {
    await deploy('reader', { workload: { [bind]: source, [`env.${bind}`]: 'DB_PASSWORD=password' } });
    const pod = await podOf('reader');
    const { login } = requestedFor(world.namespace, 'reader', 'db');
    await world.binding(login, isReady, 'is ready');
    const secret = await world.secret(login);
    const resolved = await resolvePod(kubectlReader(world.controlPlane.kubectl), pod as never);
    if (resolved.kind !== 'resolved') throw new Error(JSON.stringify(resolved));
    const container = resolved.containers['main'];
    if (container?.kind !== 'ready') throw new Error(JSON.stringify(container));
    expect(container.env).toMatchObject({
      SERVICE_BINDING_ROOT: '/bindings',
      DB_PASSWORD: secret['password'],
    });
    expect(Object.keys(container.files['/bindings/db'] ?? {})).toEqual(
      expect.arrayContaining(['password', 'type', 'username']),
    );
    expect(JSON.stringify(pod)).not.toContain(secret['password']);
  });

  it('loses what was lifted when the annotation is taken away, and the service goes with its last user', async () => {
    const ref = { namespace: world.namespace, name: 'outer' };
    await world.client.patch(
      deployments,
      ref,
      { metadata: { annotations: { [bind]: null } } },
      { type: 'merge' },
    );
    const bare = await podOf('outer', (pod) => !isInjected(pod));
    expect(bare.metadata.annotations?.[bind]).toBeUndefined();
    // No node runs the new Pod, so the rolling update waits, and the Pods of before keep what they have.
    for (const name of ['outer', 'inner', 'reader']) await world.remove(deployments, name);
    for (const workload of ['outer', 'inner', 'reader']) {
      const { instance, login } = requestedFor(world.namespace, workload, 'db');
      await world.gone(serviceBindings, login);
      await world.gone(serviceInstances, instance);
    }
    expect(world.broker.liveInstances()).toEqual([]);
    expect(world.broker.liveBindings()).toEqual([]);
    expect(world.broker.violations).toEqual([]);
  });

  it('is refused when its author may not make the service it asks for', async () => {
    const kubeconfig = await world.controlPlane.kubeconfigFor('dave');
    const inNamespace = ['-n', world.namespace];
    const role = [
      'create',
      'role',
      'deployer',
      ...inNamespace,
      '--verb=create',
      '--resource=deployments.apps',
    ];
    await world.controlPlane.kubectl(role);
    const grant = ['create', 'rolebinding', 'dave', ...inNamespace, '--user=dave', '--role=deployer'];
    await world.controlPlane.kubectl(grant);
    const manifest = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'dave', namespace: world.namespace, annotations: { [bind]: source } },
      spec: {
        selector: { matchLabels: { app: 'dave' } },
        template: {
          metadata: { labels: { app: 'dave' } },
          spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
        },
      },
    };
    const args = ['--kubeconfig', kubeconfig, 'create', '-f', '-'];
    const { code, stderr } = await world.controlPlane.kubectl(args, JSON.stringify(manifest));
    expect(code).not.toBe(0);
    expect(stderr).toContain('dave');
    expect(stderr).toContain('serviceinstances');
  });
});
