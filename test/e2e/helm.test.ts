import { join } from 'node:path';
import { helm, reasonNotToRunHelm } from '../support/helm/helm.ts';
import { runCli } from '../support/run-cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { startBroker, type RunningBroker } from './support/broker.ts';
import { loggingIn } from './support/logins.ts';
import { namespace, workload } from './support/objects.ts';
import { describeOnOwnNode } from './support/prepared.ts';
import { seconds, tell } from './support/tell.ts';
import { startWorld, type World } from './support/world.ts';

const ns = 'shop';
const system = 'bindery-system';
const told =
  reasonNotToRunHelm === undefined
    ? describeOnOwnNode
    : (name: string, _why: string, tests: () => void) => describe.skip(name, tests);

interface Named {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly uid: string } }[];
}

told('the Helm chart', 'it is installed once in a cluster', () => {
  let world: World;
  let broker: RunningBroker;

  beforeAll(async () => {
    // Built before anything is measured.
    await helm(['version']);
    world = await startWorld();
    broker = await startBroker(world, 1_000);
    await world.create(namespace(ns));
  }, 1_200_000);
  afterAll(async () => world?.stop());

  async function release(command: string, ...args: readonly string[]): Promise<string> {
    const env = world.access.env;
    return helm([command, 'bindery', ...args, '-n', system], env);
  }
  const chart = (): string => join(world.directory, 'deploy', 'helm', 'bindery');
  const uids = async (kinds: string): Promise<readonly string[]> =>
    (await world.get<Named>([kinds, '-A'])).items.map(({ metadata }) => metadata.uid).sort();
  const rolledOut = async (): Promise<void> => {
    await world.kubectl(`rollout status -n ${ns} deployment/app --timeout=90s`);
  };

  it('takes one command and one apply to a Pod that has logged in', async () => {
    const startedAt = performance.now();
    await release('install', chart(), '--create-namespace', '--wait');
    tell(`helm install --wait: ${seconds(startedAt)} s`);
    await world.apply(
      {
        apiVersion: 'servicecatalog.k8s.io/v1beta1',
        kind: 'ClusterServiceBroker',
        metadata: { name: 'postgres' },
        spec: {
          url: broker.url,
          authInfo: { basic: { secretRef: { namespace: broker.namespace, name: 'access' } } },
        },
      },
      workload(
        'Deployment',
        ns,
        'app',
        {
          annotations: { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/small' },
          spec: { containers: [loggingIn] },
        },
        { replicas: 1 },
      ),
    );
    await rolledOut();
    tell(`from nothing to a bound Pod: ${seconds(startedAt)} s`);
    expect(await uids('servicebindings.servicecatalog.k8s.io')).toHaveLength(1);
  });

  it('is told by `bindery version`', async () => {
    const kubeconfig = world.access.env['KUBECONFIG'] ?? '';
    const { code, stdout } = await runCli(['version', '--kubeconfig', kubeconfig]);
    expect(code).toBe(0);
    expect(stdout).toContain('controller 0.1.0 (2 Pods)\n');
    expect(stdout).toContain('webhook 0.1.0 (2 Pods)\n');
  });

  it('is upgraded to one replica and rolled back, and nothing is asked of the broker', async () => {
    const [before, services] = [
      await broker.requests(),
      await uids('serviceinstances.servicecatalog.k8s.io'),
    ];
    const replicas = async (): Promise<string> =>
      world.kubectl(`get deployments -n ${system} -o jsonpath={.items[*].status.readyReplicas}`);
    await release('upgrade', chart(), '--set=controller.replicas=1,webhook.replicas=1', '--wait');
    expect(await replicas()).toBe('1 1');
    await release('rollback', '--wait');
    await waitFor(async () => (await replicas()) === '2 2', { describe: 'two replicas each' });
    const changes = (requests: readonly string[]): readonly string[] =>
      requests.filter((line) => !line.startsWith('GET'));
    expect(changes(await broker.requests())).toEqual(changes(before));
    expect(await uids('serviceinstances.servicecatalog.k8s.io')).toEqual(services);
  });

  it('is not uninstalled while there are services, and says what there is', async () => {
    const refusal = release('uninstall');
    await expect(refusal).rejects.toThrow('1 service instances, 1 bindings');
    await expect(refusal).rejects.toThrow('nothing was removed');
    expect(await world.kubectl(`get deployments -n ${system} -o name`)).toContain('bindery-controller');
    // Helm takes it for a release that is being uninstalled from then on.
    const history = JSON.parse(await release('history', '--output=json')) as readonly {
      readonly revision: number;
    }[];
    await release('rollback', String(history.at(-1)?.revision), '--wait');
  });

  it('leaves everything as it is when told to keep it, and goes on with it when it comes back', async () => {
    const kinds = 'serviceinstances.servicecatalog.k8s.io,servicebindings.servicecatalog.k8s.io';
    const [objects, before] = [await uids(kinds), await broker.requests()];
    await release('upgrade', chart(), '--set=uninstall=keep', '--wait');
    await release('uninstall', '--wait');
    expect(await world.kubectl(`get deployments -n ${system} -o name`)).toBe('');
    expect(await uids(kinds)).toEqual(objects);
    await release('install', chart(), '--wait');
    await world.kubectl(`rollout restart -n ${ns} deployment/app`);
    await rolledOut();
    expect(await uids(kinds)).toEqual(objects);
    const changes = (requests: readonly string[]): readonly string[] =>
      requests.filter((line) => !line.startsWith('GET'));
    expect(changes(await broker.requests())).toEqual(changes(before));
  });
});
