import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { waitFor } from '../support/wait-for.ts';
import { namespace, pod, container } from './support/objects.ts';
import { documentedCommands } from './support/documented.ts';
import { describeOnNode, prepared } from './support/prepared.ts';
import { tell } from './support/tell.ts';
import { startWorld, type World } from './support/world.ts';

const root = join(import.meta.dirname, '..', '..');
const system = 'bindery-system';
const mebibyte = 1024 ** 2;

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly containerStatuses: readonly [{ readonly containerID: string }] };
  }[];
}

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly namespace: string; readonly name: string };
    readonly containers?: readonly { readonly memory?: { readonly rssBytes?: number } }[];
  }[];
}

describeOnNode('deploy/install.yaml', () => {
  let world: World;
  let readyMs: number;

  beforeAll(async () => {
    world = await startWorld();
    readyMs = await world.install();
  }, 120_000);
  afterAll(async () => world?.stop(), 60_000);

  it('ends Ready on an empty cluster in less than 30 s, without cert-manager', async () => {
    tell(`Ready ${(readyMs / 1000).toFixed(1)} s after apply`);
    expect(readyMs).toBeLessThan(30_000);
    const state = prepared();
    expect(state.kind === 'ready' && state.binderyImageBytes / mebibyte).toBeLessThan(130);
  });

  it('has the namespace enforce Pod Security restricted, and nothing of ours is warned about', async () => {
    const intruder = pod(system, 'intruder', {
      spec: { containers: [container('main', '', { securityContext: { privileged: true } })] },
    });
    await expect(world.apply(intruder)).rejects.toThrow('violates PodSecurity "restricted');
    const file = join(root, 'deploy', 'install.yaml');
    const again = await world.cluster.kubectl(['apply', '--server-side', '--dry-run=server', '-f', file]);
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });

  it('puts the same authority into every webhook entry', async () => {
    const bundles = await world.kubectl(
      'get mutatingwebhookconfiguration bindery -o jsonpath={.webhooks[*].clientConfig.caBundle}',
    );
    const authority = await world.kubectl(
      `get secret -n ${system} bindery-webhook-ca -o jsonpath={.data.ca\\.crt}`,
    );
    expect(new Set(bundles.split(' '))).toEqual(new Set([authority]));
    expect(bundles.split(' ')).toHaveLength(4);
  });

  it('can be applied again without a change', async () => {
    const diff = await world.cluster.kubectl([
      'diff',
      '--server-side',
      '-f',
      join(root, 'deploy', 'install.yaml'),
    ]);
    expect(diff).toMatchObject({ code: 0, stdout: '' });
  }, 60_000);

  it('has what kubectl makes of deploy/kustomize/base', async () => {
    const built = await world.kubectl(['kustomize', join(root, 'deploy', 'kustomize', 'base')]);
    const installed = await readFile(join(root, 'deploy', 'install.yaml'), 'utf8');
    expect(byName(loadAll(built))).toEqual(byName(loadAll(installed)));
  });

  it.each(['single-node', 'ha'])(
    'has an overlay %s that the API server accepts',
    async (name) => {
      const built = await world.kubectl(['kustomize', join(root, 'deploy', 'kustomize', 'overlays', name)]);
      const args = ['apply', '--server-side', '--dry-run=server', '--force-conflicts', '-f', '-'];
      await world.kubectl(args, built);
      const objects = loadAll(built) as readonly KubernetesObject[];
      const replicas = objects.flatMap((object) =>
        object.kind === 'Deployment'
          ? [(object as unknown as { spec: { replicas: number } }).spec.replicas]
          : [],
      );
      expect(replicas).toEqual(name === 'ha' ? [2, 3] : [1, 1]);
    },
    60_000,
  );

  it.each(['webhook', 'controller'])(
    'gives the %s the rights that were reviewed, and no more',
    async (role) => {
      const account = `system:serviceaccount:${system}:bindery-${role}`;
      for (const [place, ns] of [
        ['its own namespace', system],
        ['any other', 'default'],
      ] as const) {
        const list = await world.kubectl(['auth', 'can-i', '--list', `--as=${account}`, '-n', ns]);
        const file = join(import.meta.dirname, 'rights', `${role}-${ns}.txt`);
        const reviewed = await readFile(file, 'utf8');
        expect(`${place}\n${tidy(list)}`).toBe(`${place}\n${tidy(reviewed)}`);
      }
    },
  );

  it('lets the webhook read no Secret but its own', async () => {
    await world.apply(namespace('others'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: system, name: 'not-for-the-webhook' },
    });
    const token = await world.kubectl(['create', 'token', '-n', system, 'bindery-webhook']);
    // A token does not count while there is a client certificate or another token in the kubeconfig.
    const ask = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await world.cluster.kubectl([
        '--kubeconfig=/dev/null',
        '--server',
        world.cluster.server,
        '--certificate-authority',
        join(world.cluster.files.directory, 'ca.crt'),
        '--token',
        token,
        ...args,
      ]);
      return code === 0 ? 'allowed' : stderr;
    };
    expect(await ask('get', 'secret', '-n', system, 'bindery-webhook-ca')).toBe('allowed');
    expect(await ask('get', 'secret', '-n', system, 'not-for-the-webhook')).toContain('forbidden');
    expect(await ask('get', 'secrets', '-n', system)).toContain('forbidden');
    expect(await ask('get', 'secrets', '-A')).toContain('forbidden');
    expect(await ask('get', 'secrets', '-n', 'others', '--watch')).toContain('forbidden');
  });

  it.each(['webhook', 'controller'])(
    'has the %s ready again after its container was killed',
    async (role) => {
      const { items } = await world.get<PodList>([
        'pods',
        '-n',
        system,
        '-l',
        `app.kubernetes.io/component=${role}`,
      ]);
      const [target] = items;
      const proxy = `/api/v1/namespaces/${system}/pods/${target?.metadata.name}:8081/proxy`;
      const startTime = async (): Promise<number> => {
        const metrics = await world.kubectl(['get', '--raw', `${proxy}/metrics`]);
        return Number(/^\S*process_start_time_seconds (\S+)$/m.exec(metrics)?.[1]);
      };
      const before = await startTime();
      const killedAt = performance.now();
      await world.cluster.killContainer(target?.status.containerStatuses[0].containerID ?? '');
      const readyAt = await waitFor(
        async () => {
          const { code, stdout } = await world.cluster.kubectl(['get', '--raw', `${proxy}/readyz`]);
          const now = performance.now();
          return code === 0 && stdout === 'ok' && (await startTime()) > before && now;
        },
        { timeoutMs: 20_000 },
      );
      const seconds = (readyAt - killedAt) / 1000;
      tell(`${role}: ready ${seconds.toFixed(1)} s after it was killed, its restart by the kubelet included`);
      expect(await world.kubectl(['get', '--raw', `${proxy}/readyz?verbose`])).toContain('passed');
    },
    40_000,
  );

  it('shows what each role needs', async () => {
    const summary = JSON.parse(
      await world.kubectl(['get', '--raw', '/api/v1/nodes/node/proxy/stats/summary']),
    ) as Summary;
    const own = summary.pods.filter(({ podRef }) => podRef.namespace === system);
    const sizes = own.map(({ podRef, containers = [] }) => ({
      role: podRef.name.split('-')[1],
      mebibytes: Math.round((containers[0]?.memory?.rssBytes ?? 0) / mebibyte),
    }));
    tell(`resident memory: ${sizes.map(({ role, mebibytes }) => `${role} ${mebibytes} MiB`).join(', ')}`);
    expect(sizes).toHaveLength(4);
    for (const { mebibytes } of sizes) expect(mebibytes).toBeGreaterThan(0);
  });

  it('is removed as docs/install.md says, and nothing of it is left', async () => {
    for (const command of await documentedCommands('Remove')) await world.kubectl(command);
    const kinds = ['crd', 'clusterrole', 'clusterrolebinding', 'mutatingwebhookconfiguration'];
    const more = ['validatingadmissionpolicy', 'validatingadmissionpolicybinding', 'namespace'];
    const left = await world.kubectl(['get', [...kinds, ...more].join(','), '-o', 'name']);
    expect(left.split('\n').filter((name) => /bindery|servicecatalog/.test(name))).toEqual([]);
  }, 90_000);
});

function byName(objects: readonly unknown[]): readonly unknown[] {
  const key = (object: unknown): string => {
    const { kind, metadata } = object as KubernetesObject;
    return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  };
  // kubectl breaks long strings into other lines; a rule in CEL means the same.
  const tidied = JSON.parse(
    JSON.stringify(objects, (_key, value: unknown) =>
      typeof value === 'string' ? value.replaceAll(/\s+/g, ' ') : value,
    ),
  ) as readonly unknown[];
  return tidied
    .filter((object) => object !== null)
    .toSorted((left, right) => key(left).localeCompare(key(right)));
}

/** Columns are as wide as their widest cell, and rows come in no order. */
function tidy(table: string): string {
  const rows = table.split('\n').map((row) => row.trim().replaceAll(/\s+/g, ' '));
  return rows
    .filter((row) => row !== '' && !/^(#|Resources )/.test(row))
    .sort()
    .join('\n');
}
