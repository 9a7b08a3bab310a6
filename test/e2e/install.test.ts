import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { waitFor } from '../support/wait-for.ts';
import { byName } from './support/by-name.ts';
import { documentedFile } from './support/documented.ts';
import { container, namespace, pod, secret } from './support/objects.ts';
import { describeInCluster, describeOnOwnNode, itOnOwnNode, prepared } from './support/prepared.ts';
import { comparable, reviewedRights } from './support/rights.ts';
import { seconds, tell } from './support/tell.ts';
import { startWorld, type World } from './support/world.ts';

const root = join(import.meta.dirname, '..', '..');
const system = 'bindery-system';
const roles = ['webhook', 'controller'] as const;
const mebibyte = 1024 ** 2;

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly nodeName: string };
    readonly status: { readonly containerStatuses: readonly [{ readonly containerID: string }] };
  }[];
}

interface Deployment {
  readonly kind: string;
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly priorityClassName?: string;
        readonly topologySpreadConstraints: readonly { readonly topologyKey: string }[];
        readonly containers: readonly { readonly image: string }[];
      };
    };
  };
}

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly namespace: string; readonly name: string };
    readonly containers?: readonly { readonly memory?: { readonly rssBytes?: number } }[];
  }[];
}

/** Asks the API server with the token of the Pod that it runs in, and prints the status of each answer. */
const askForSecrets = `
  const { readFileSync } = require('node:fs');
  const { get } = require('node:https');
  const at = '/var/run/secrets/kubernetes.io/serviceaccount/';
  const headers = { authorization: 'Bearer ' + readFileSync(at + 'token', 'utf8') };
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  const status = (path) => new Promise((resolve, reject) =>
    get({ host, port, path, headers, ca: readFileSync(at + 'ca.crt') }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    }).on('error', reject));
  Promise.all(process.argv.slice(1).map(status)).then((codes) => console.log(JSON.stringify(codes)));`;

describeInCluster('deploy/install.yaml', () => {
  let world: World;
  let manifest: string;
  let readyMs: number;

  beforeAll(async () => {
    world = await startWorld();
    manifest = join(world.directory, 'deploy', 'install.yaml');
    readyMs = await world.install();
  });
  afterAll(async () => world?.stop());

  const podsOf = async (role: string): Promise<PodList['items']> => {
    const selector = `app.kubernetes.io/component=${role}`;
    return (await world.get<PodList>(['pods', '-n', system, '-l', selector])).items;
  };
  const ask = async (name: string, path: string): Promise<string> =>
    world.kubectl(['get', '--raw', `/api/v1/namespaces/${system}/pods/${name}:8081/proxy/${path}`]);
  const metric = async (pod: string, name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await ask(pod, 'metrics'))?.[1]);

  it('ends Ready on an empty cluster, without cert-manager', async () => {
    tell(`Ready ${(readyMs / 1000).toFixed(1)} s after apply`);
    expect(await Promise.all(roles.map(podsOf))).toMatchObject([{ length: 2 }, { length: 2 }]);
  });

  it('has the namespace enforce Pod Security restricted, and nothing of ours is warned about', async () => {
    const intruder = pod(system, 'intruder', {
      spec: { containers: [container('main', '', { securityContext: { privileged: true } })] },
    });
    await expect(world.apply(intruder)).rejects.toThrow('violates PodSecurity "restricted');
    const args = ['apply', '--server-side', '--dry-run=server', '-f', manifest];
    expect(await world.tryKubectl(args)).toMatchObject({ code: 0, stderr: '' });
  });

  it('puts the same authority into every webhook entry', async () => {
    const bundles = await world.kubectl(
      'get mutatingwebhookconfiguration bindery -o jsonpath={.webhooks[*].clientConfig.caBundle}',
    );
    const authority = await world.kubectl(
      `get secret -n ${system} bindery-webhook-ca -o jsonpath={.data.ca\\.crt}`,
    );
    expect(new Set(bundles.split(' '))).toEqual(new Set([authority]));
    const entries = await world.kubectl(
      'get mutatingwebhookconfiguration bindery -o jsonpath={.webhooks[*].name}',
    );
    expect(bundles.split(' ')).toHaveLength(entries.split(' ').length);
  });

  it('can be applied again without a change', async () => {
    const diff = await world.tryKubectl(['diff', '--server-side', '-f', manifest]);
    expect(diff).toMatchObject({ code: 0, stdout: '' });
  });

  it('has what kubectl makes of deploy/kustomize/base', async () => {
    const built = await world.kubectl(['kustomize', join(root, 'deploy', 'kustomize', 'base')]);
    const installed = await readFile(join(root, 'deploy', 'install.yaml'), 'utf8');
    expect(byName(loadAll(built))).toEqual(byName(loadAll(installed)));
  });

  /** What the API server would have of that kustomization. */
  const deployments = async (folder: string): Promise<readonly Deployment['spec'][]> => {
    const built = await world.kubectl(['kustomize', folder]);
    const args = ['apply', '--server-side', '--dry-run=server', '--force-conflicts', '-f', '-'];
    await world.kubectl(args, built);
    const objects = loadAll(built) as readonly Deployment[];
    return objects.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec);
  };

  it('has an overlay for a single node, with nothing that holds up its drain', async () => {
    const folder = join(root, 'deploy', 'kustomize', 'overlays', 'single-node');
    expect((await deployments(folder)).map(({ replicas }) => replicas)).toEqual([1, 1]);
    expect(await world.kubectl(['kustomize', folder])).not.toContain('kind: PodDisruptionBudget');
  });

  it('has an overlay for several zones, with a priority class', async () => {
    const made = await deployments(join(root, 'deploy', 'kustomize', 'overlays', 'ha'));
    expect(made.map(({ replicas }) => replicas)).toEqual([2, 3]);
    for (const { template } of made) {
      expect(template.spec.priorityClassName).toBe('system-cluster-critical');
      const keys = template.spec.topologySpreadConstraints.map(({ topologyKey }) => topologyKey);
      expect(keys).toEqual(['kubernetes.io/hostname', 'topology.kubernetes.io/zone']);
    }
  });

  it('can be a base for an overlay of your own, as docs/install.md shows one', async () => {
    const file = (await documentedFile('With kustomize')).replace('path/to/', '../');
    await mkdir(join(world.directory, 'own'));
    await writeFile(join(world.directory, 'own', 'kustomization.yaml'), file);
    const images = (await deployments(join(world.directory, 'own'))).map(
      ({ template }) => template.spec.containers[0]?.image,
    );
    expect(new Set(images)).toEqual(new Set(['registry.example.com/bindery:0.1.0']));
  });

  for (const role of roles) {
    const why = 'a cluster may give every account rights of its own';
    itOnOwnNode(`gives the ${role} the rights that were reviewed, and no more`, why, async () => {
      const account = `system:serviceaccount:${system}:bindery-${role}`;
      for (const ns of [system, 'default']) {
        const list = await world.kubectl(['auth', 'can-i', '--list', `--as=${account}`, '-n', ns]);
        expect(`${ns}\n${comparable(list)}`).toBe(`${ns}\n${await reviewedRights(role, ns)}`);
      }
    });
  }

  it('lets the webhook read no Secret but its own, with the token that its Pod has', async () => {
    await world.create(namespace('others'));
    await world.apply(
      secret('others', 'creds', { password: 'x' }),
      secret(system, 'other', { password: 'x' }),
    );
    const own = `/api/v1/namespaces/${system}/secrets`;
    const answers = {
      [`${own}/bindery-webhook-ca`]: 200,
      [`${own}/other`]: 403,
      [own]: 403,
      [`${own}?watch=1`]: 403,
      '/api/v1/namespaces/others/secrets/creds': 403,
      '/api/v1/namespaces/others/secrets': 403,
      '/api/v1/secrets': 403,
    };
    const inPod = ['exec', '-n', system, 'deployment/bindery-webhook', '--', '/bin/node', '--eval'];
    const said = await world.kubectl([...inPod, askForSecrets, ...Object.keys(answers)]);
    expect(JSON.parse(said)).toEqual(Object.values(answers));
    await world.kubectl(['delete', 'secret', '-n', system, 'other']);
  });

  describeOnOwnNode('on a node of our own', 'only the machine below can kill a container', () => {
    it('has an image of at most 130 MiB', () => {
      const state = prepared();
      const sizeMebibytes = state.kind === 'node' ? state.images.binderyBytes / mebibyte : NaN;
      tell(`content of the image: ${sizeMebibytes.toFixed(0)} MiB`);
      expect(sizeMebibytes).toBeLessThanOrEqual(130);
    });

    it.each(roles)('has the %s ready again after its container was killed', async (role) => {
      const [target] = await podsOf(role);
      const name = target?.metadata.name ?? '';
      const before = await metric(name, 'process_start_time_seconds');
      const killedAt = performance.now();
      await world.node().killContainer(target?.status.containerStatuses[0].containerID ?? '');
      const isBack = async (): Promise<boolean> =>
        (await ask(name, 'readyz')) === 'ok' && (await metric(name, 'process_start_time_seconds')) > before;
      await waitFor(isBack, { timeoutMs: 40_000 });
      tell(`${role}: ready ${seconds(killedAt)} s after it was killed, its restart by the kubelet included`);
      expect(await ask(name, 'readyz?verbose')).toContain('passed');
    });
  });

  it('shows what each role takes to start and to run', async () => {
    const pods = (await Promise.all(roles.map(podsOf))).flat();
    const nodes = [...new Set(pods.map(({ spec }) => spec.nodeName))];
    const summaries = nodes.map(async (node) =>
      world.kubectl(['get', '--raw', `/api/v1/nodes/${node}/proxy/stats/summary`]),
    );
    const stats = (await Promise.all(summaries)).flatMap((text) => (JSON.parse(text) as Summary).pods);
    for (const { metadata } of pods) {
      const own = stats.find(({ podRef }) => podRef.namespace === system && podRef.name === metadata.name);
      const residentBytes = own?.containers?.[0]?.memory?.rssBytes ?? 0;
      const readySeconds = await metric(metadata.name, 'bindery_ready_seconds');
      const size = (residentBytes / mebibyte).toFixed(0);
      tell(`${metadata.name}: ready ${readySeconds} s after its process began, ${size} MiB resident`);
      expect(residentBytes).toBeGreaterThan(0);
      expect(readySeconds).toBeGreaterThan(0);
    }
    expect(pods).toHaveLength(4);
  });

  it('is removed as docs/install.md says, and nothing of it is left', async () => {
    await world.follow('Remove');
    const kinds = ['crd', 'clusterrole', 'clusterrolebinding', 'mutatingwebhookconfiguration'];
    const more = ['validatingadmissionpolicy', 'validatingadmissionpolicybinding', 'namespace'];
    const left = await world.kubectl(['get', [...kinds, ...more].join(','), '-o', 'name']);
    expect(left.split('\n').filter((name) => /bindery|servicecatalog/.test(name))).toEqual([]);
  });
});
