import { waitFor } from '../support/wait-for.ts';
import { registerBroker, startBroker, type RunningBroker } from './support/broker.ts';
import { loggingIn, logInOnce, printLogins, type LoginRow } from './support/logins.ts';
import { container, namespace, pod, workload } from './support/objects.ts';
import { outputOf } from './support/output.ts';
import { describeInCluster } from './support/prepared.ts';
import { seconds, tell } from './support/tell.ts';
import { startWorld, type World } from './support/world.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const apiVersion = 'servicecatalog.k8s.io/v1beta1';
const sessions = { small: 10, large: 50 };

interface Meta {
  readonly name: string;
  readonly creationTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface List {
  readonly items: readonly { readonly metadata: Meta }[];
}

interface PodView {
  readonly metadata: Meta;
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly lastTransitionTime: string;
    }[];
  };
}

describeInCluster('a workload whose service changes', () => {
  let world: World;
  let broker: RunningBroker;

  beforeAll(async () => {
    world = await startWorld();
    [, broker] = await Promise.all([world.install(), startBroker(world, 1_000)]);
    await registerBroker(world, broker);
  });
  afterAll(async () => world?.stop());

  const { seen } = outputOf(() => world);
  const namesOf = async (kind: string, ns: string): Promise<readonly string[]> =>
    (await world.get<List>([kind, '-n', ns, '-l', 'app=app'])).items.map(({ metadata }) => metadata.name);
  const rolledOut = async (ns: string): Promise<void> => {
    await world.kubectl(`rollout status -n ${ns} deployment/app --timeout=90s`);
  };

  it('keeps it and every login through a rolling update to a larger plan', async () => {
    const ns = 'growing';
    const logins = async (): Promise<readonly LoginRow[]> => {
      const exec = `exec -n ${ns} deployment/app -c main -- /bin/node --eval`.split(' ');
      return JSON.parse(await world.kubectl([...exec, printLogins])) as readonly LoginRow[];
    };
    await world.create(namespace(ns));
    await world.apply(
      workload(
        'Deployment',
        ns,
        'app',
        {
          annotations: { [bind]: 'request/postgresql/small' },
          spec: { terminationGracePeriodSeconds: 30, containers: [loggingIn] },
        },
        { replicas: 2, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
      ),
    );
    await rolledOut(ns);
    const first = await namesOf('pods', ns);
    const before = await logins();

    const startedAt = performance.now();
    await world.kubectl(`annotate -n ${ns} deployment/app --overwrite ${bind}=request/postgresql/large`);
    await rolledOut(ns);
    await world.kubectl(`wait -n ${ns} --for=delete --timeout=90s pod/${first.join(' pod/')}`);
    const second = await namesOf('pods', ns);
    const after = await waitFor(
      async () => {
        const rows = await logins();
        const isLarge = (name: string): boolean =>
          rows.some(({ pod: of, sessionLimit }) => of === name && sessionLimit === sessions.large);
        return second.every(isLarge) && rows;
      },
      { timeoutMs: 90_000, intervalMs: 200, describe: 'each new Pod has logged in to the larger plan' },
    );
    tell(`rolling update to a larger plan: ${seconds(startedAt)} s, ${after.length} logins`);

    expect(after).toEqual(expect.arrayContaining([...before]));
    expect(before.every(({ sessionLimit }) => sessionLimit === sessions.small)).toBe(true);
    expect(after.flatMap(({ failures }) => failures)).toEqual([]);
    expect(new Set(after.map(({ pod: of }) => of))).toEqual(new Set([...first, ...second]));
    const lastOf = after.filter(({ isLast }) => isLast).map(({ pod: of }) => of);
    expect(new Set(lastOf)).toEqual(new Set(first));
    expect(new Set(after.map(({ login }) => login)).size).toBe(1);

    const [, instance = ''] = /service_instances\/([^/ ]+) /.exec((await broker.requests()).join('\n')) ?? [];
    const writes = (await broker.requests())
      .filter((line) => !line.startsWith('GET'))
      .map((line) => line.replace(instance, '<id>').replace(/(service_bindings\/)[^/ ]+/, '$1<id>'));
    expect(new Set(writes)).toEqual(
      new Set([
        'PUT /v2/service_instances/<id> → 201',
        'PUT /v2/service_instances/<id>/service_bindings/<id> → 201',
        'PATCH /v2/service_instances/<id> → 200',
      ]),
    );
  });

  it('(51) is not scheduled before its Secret is there, when it waits at the gate', async () => {
    const ns = 'gated';
    const gated = pod(ns, 'app', {
      annotations: {
        [bind]: 'request/postgresql/small',
        [`wait.${bind}`]: 'gate',
        [`env.${bind}`]: 'PGUSER=username',
      },
      spec: { containers: [container('main', logInOnce)] },
    });
    await world.create(namespace(ns));
    const created = await world.kubectl(['create', '-f', '-', '-o', 'json'], JSON.stringify(gated));
    expect(scheduledOf(JSON.parse(created) as PodView)).toMatchObject({ reason: 'SchedulingGated' });

    await world.kubectl(`wait -n ${ns} --for=condition=Ready pod/app --timeout=90s`);
    const secret = (
      await world.get<List>(['secrets', '-n', ns, '--field-selector=type=servicebinding.io/postgresql'])
    ).items[0]?.metadata;
    const scheduled = scheduledOf(await world.get<PodView>(['pod', '-n', ns, 'app']));
    expect(scheduled?.status).toBe('True');
    expect(Date.parse(scheduled?.lastTransitionTime ?? '')).toBeGreaterThanOrEqual(
      Date.parse(secret?.creationTimestamp ?? ''),
    );
    const { login, env } = (await seen(ns, 'pod/app', 'main')) as {
      readonly login: string;
      readonly env: string;
    };
    expect(login).not.toBe('');
    expect(env).toBe(login);
    // What a Pod of wait: kubelet has in the meantime.
    const mounts = `get events -n ${ns} --field-selector=reason=FailedMount -o name`;
    expect(await world.kubectl(mounts)).toBe('');
  });

  it('is rolled out once when the credentials change, and its new Pod logs in with them', async () => {
    const ns = 'rotated';
    const loginIn = async (): Promise<string> => {
      const secret = ['get', 'secret', '-n', ns, 'db', '-o', 'jsonpath={.data.username}'];
      return Buffer.from(await world.kubectl(secret), 'base64').toString();
    };
    const binding = object(ns, 'ServiceBinding', { instanceRef: { name: 'db' } });
    const bound = async (): Promise<void> => {
      await world.apply(binding);
      await world.kubectl(`wait -n ${ns} --for=condition=Ready servicebinding/db --timeout=90s`);
    };
    const digest = async (name: string, at: string): Promise<string> => {
      const path = `jsonpath={${at}.metadata.annotations.hash\\.servicecatalog\\.k8s\\.io/db}`;
      return waitFor(async () => world.kubectl(['get', 'deployment', '-n', ns, name, '-o', path]), {
        timeoutMs: 60_000,
        intervalMs: 200,
      });
    };
    const asking = (name: string): object =>
      workload('Deployment', ns, name, {
        annotations: {
          [bind]: 'binding/db',
          [`restart.${bind}`]: 'on-change',
          [`env.${bind}`]: 'PGUSER=username',
        },
        spec: { containers: [container('main', logInOnce)] },
      });
    await world.create(namespace(ns));
    const plan = { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: 'small' };
    await world.apply(object(ns, 'ServiceInstance', plan), asking('app'));
    await bound();
    await rolledOut(ns);
    const first = await loginIn();
    expect(await seen(ns, 'deployment/app', 'main')).toEqual({ login: first, env: first });
    await digest('app', '');

    // What rotates a login: the binding is made anew.
    await world.kubectl(`delete servicebinding -n ${ns} db --timeout=90s`);
    await bound();
    const second = await loginIn();
    expect(second).not.toBe(first);
    const startedAt = performance.now();
    await digest('app', '.spec.template');
    await rolledOut(ns);
    tell(`credentials changed: rolled out ${seconds(startedAt)} s later`);
    const name = await waitFor(async () => only(await namesOf('pods', ns)), { timeoutMs: 60_000 });
    expect(await seen(ns, `pod/${name}`, 'main')).toEqual({ login: second, env: second });

    // Whoever looks at the binding once more, for another workload too, finds nothing to do.
    await world.kubectl(`label servicebinding -n ${ns} db touched=yes`);
    await world.apply(asking('later'));
    await digest('later', '');
    await rolledOut(ns);
    expect(await namesOf('replicasets', ns)).toHaveLength(2);
  });
});

function scheduledOf({ status }: PodView) {
  return status.conditions?.find(({ type }) => type === 'PodScheduled');
}

function object(ns: string, kind: string, spec: object): object {
  return { apiVersion, kind, metadata: { namespace: ns, name: 'db' }, spec };
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
