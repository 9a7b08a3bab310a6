import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../support/wait-for.ts';
import { container, namespace, pod, secret, workload } from './support/objects.ts';
import { applicationImage, describeOnNode, prepared } from './support/prepared.ts';
import { tell } from './support/tell.ts';
import { startWorld, type BrokerAccess, type World } from './support/world.ts';

const demo = join(import.meta.dirname, '..', '..', 'demo');
const stay = 'setInterval(() => undefined, 1000);';
const bind = 'bind.servicecatalog.k8s.io/creds';
const fromSecret = { [bind]: 'secret/creds' };
const credentials = { type: 'postgresql', username: 'alice', password: 'first' };

/** Says what it finds at the binding and in one variable, as one line of JSON. */
const look = `
  const { readFileSync, readdirSync } = require('node:fs');
  const at = process.env.SERVICE_BINDING_ROOT + '/creds/';
  const files = Object.fromEntries(readdirSync(at).filter((n) => !n.startsWith('.')).map((n) => [n, readFileSync(at + n, 'utf8')]));
  console.log(JSON.stringify({ files, env: process.env.PGUSER ?? null, uid: process.getuid() }));`;

interface PodView {
  readonly status: {
    readonly phase: string;
    readonly startTime?: string;
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly state: { readonly waiting?: { readonly reason: string } };
    }[];
  };
}

describeOnNode('an annotated workload on a real node', () => {
  let world: World;
  let broker: BrokerAccess;

  beforeAll(async () => {
    world = await startWorld();
    [, broker] = await Promise.all([world.install(), world.startBroker()]);
  }, 120_000);
  afterAll(async () => world?.stop(), 60_000);

  const logs = async (ns: string, target: string, name: string): Promise<string> =>
    world.kubectl(['logs', '-n', ns, target, '-c', name]);
  // A container is Ready when it runs, which is before it has said something.
  const said = async (ns: string, target: string, name: string): Promise<string> =>
    waitFor(async () => logs(ns, target, name), { timeoutMs: 10_000, intervalMs: 100 });
  const seen = async (ns: string, target: string, name: string): Promise<unknown> =>
    JSON.parse((await said(ns, target, name)).split('\n')[0] ?? '') as unknown;
  const running = async (ns: string, target: string): Promise<void> => {
    await world.kubectl(['wait', '-n', ns, '--for=condition=Ready', target, '--timeout=25s']);
  };

  it('gets a database from the broker, reads its credentials and does SQL', async () => {
    const filled = (await readFile(join(demo, 'broker.yaml'), 'utf8')).replaceAll(
      /\$([A-Z]+)/g,
      (_whole, name: string) =>
        JSON.stringify({ URL: broker.url, USERNAME: broker.username, PASSWORD: broker.password }[name]),
    );
    await world.kubectl(['apply', '-f', '-'], filled);
    await world.kubectl(['wait', '--for=condition=Ready', 'clusterservicebroker/postgres', '--timeout=20s']);
    const application = await readFile(join(demo, 'app.yaml'), 'utf8');
    const startedAt = performance.now();
    // Its program does not listen to SIGTERM, and as process 1 nothing else ends it before the grace period does.
    const quick = application
      .replace('node:24-alpine', applicationImage)
      .replace('      containers:', '      terminationGracePeriodSeconds: 0\n      containers:');
    await world.kubectl(['apply', '-f', '-'], quick);
    await world.kubectl(['rollout', 'status', '-n', 'demo', 'deployment/guestbook', '--timeout=40s']);
    tell(`first injected Pod Running ${((performance.now() - startedAt) / 1000).toFixed(1)} s after apply`);
    const row = await waitFor(
      async () =>
        /login: '(\w+)',\s+database: '(\w+)',\s+id: 1,\s+entry: 'written at/.exec(
          await logs('demo', 'deployment/guestbook', 'guestbook'),
        ),
      { timeoutMs: 20_000, describe: async () => logs('demo', 'deployment/guestbook', 'guestbook') },
    );
    expect(row[1]).not.toBe(row[2]);
    expect(await broker.requests()).toContainEqual(expect.stringMatching(/^PUT .*service_bindings.* → 201$/));
  }, 90_000);

  it('leaves nothing at the broker when its namespace is deleted with everything in it', async () => {
    await world.kubectl(['delete', 'namespace', 'demo', '--timeout=60s']);
    const deleted = (await broker.requests()).filter((line) => line.startsWith('DELETE'));
    expect(deleted.map((line) => line.replace(/^.*→ /, ''))).toEqual(['200', '200']);
    expect(await world.kubectl(['get', 'serviceinstances,servicebindings', '-A', '-o', 'name'])).toBe('');
  }, 90_000);

  it('is injected into init containers, native sidecars and containers under Pod Security restricted', async () => {
    const ns = 'restricted';
    await world.apply(namespace(ns, { 'pod-security.kubernetes.io/enforce': 'restricted' }));
    await world.apply(
      secret(ns, 'creds', credentials),
      workload('Deployment', ns, 'app', {
        annotations: { ...fromSecret, 'env.bind.servicecatalog.k8s.io/creds': 'PGUSER=username' },
        spec: {
          securityContext: { runAsNonRoot: true, fsGroup: 2000 },
          initContainers: [
            container('prepare', look),
            container('proxy', look + stay, { restartPolicy: 'Always' }),
          ],
          containers: [container('main', look + stay)],
        },
      }),
    );
    await world.kubectl(['rollout', 'status', '-n', ns, 'deployment/app', '--timeout=25s']);
    for (const name of ['prepare', 'proxy', 'main']) {
      expect(await seen(ns, 'deployment/app', name)).toEqual({ files: credentials, env: 'alice', uid: 1000 });
    }
  }, 60_000);

  it.each([
    ['a file', {}],
    ['the environment', { 'env.bind.servicecatalog.k8s.io/creds': 'PGUSER=username' }],
  ])(
    'waits for a missing Secret in %s and starts when it appears',
    async (what, more) => {
      const ns = `late-${what.split(' ').at(-1)}`;
      const mount = Object.keys(more).length > 0 ? { 'mount.bind.servicecatalog.k8s.io/creds': 'none' } : {};
      const script = Object.keys(more).length > 0 ? `console.log(process.env.PGUSER);${stay}` : look + stay;
      await world.apply(namespace(ns));
      await world.apply(
        pod(ns, 'app', {
          annotations: { ...fromSecret, ...more, ...mount },
          spec: { containers: [container('main', script)] },
        }),
      );
      await waitFor(
        async () => {
          const { status } = await world.get<PodView>(['pod', '-n', ns, 'app']);
          return status.containerStatuses?.[0]?.state.waiting?.reason.match(/ContainerCreating|ConfigError/);
        },
        { timeoutMs: 15_000 },
      );
      const missingAt = performance.now();
      await world.apply(secret(ns, 'creds', credentials));
      await running(ns, 'pod/app');
      tell(
        `waited for a Secret in ${what}: Ready ${((performance.now() - missingAt) / 1000).toFixed(1)} s after`,
      );
      expect(await said(ns, 'pod/app', 'main')).toContain('alice');
    },
    60_000,
  );

  const state = prepared();
  const itWithGo = state.kind === 'ready' && state.hasReader ? it : it.skip;
  itWithGo(
    'is read by a program in Go that follows the Service Binding Specification',
    async () => {
      const ns = 'reader';
      const once = {
        restartPolicy: 'Never',
        containers: [container('main', '', { command: ['/bin/reader'] })],
      };
      await world.apply(namespace(ns));
      await world.apply(
        secret(ns, 'creds', credentials),
        secret(ns, 'cache', { password: 'only' }),
        pod(ns, 'app', {
          annotations: {
            ...fromSecret,
            'bind.servicecatalog.k8s.io/cache': 'secret/cache',
            'type.bind.servicecatalog.k8s.io/cache': 'redis',
          },
          spec: once,
        }),
      );
      await world.kubectl([
        'wait',
        '-n',
        ns,
        '--for=jsonpath={.status.phase}=Succeeded',
        'pod/app',
        '--timeout=25s',
      ]);
      expect(await seen(ns, 'pod/app', 'main')).toEqual({
        creds: credentials,
        cache: { type: 'redis', password: 'only' },
      });
    },
    60_000,
  );

  it('sees a changed Secret in its files without a restart', async () => {
    const ns = 'refresh';
    const follow = `
      const { readFileSync } = require('node:fs');
      let last;
      setInterval(() => {
        const now = readFileSync(process.env.SERVICE_BINDING_ROOT + '/creds/password', 'utf8');
        if (now !== last) console.log(last = now);
      }, 100);`;
    await world.apply(namespace(ns));
    await world.apply(
      secret(ns, 'creds', credentials),
      pod(ns, 'app', { annotations: fromSecret, spec: { containers: [container('main', follow)] } }),
    );
    await running(ns, 'pod/app');
    const changedAt = performance.now();
    await world.apply(secret(ns, 'creds', { ...credentials, password: 'second' }));
    await waitFor(async () => (await logs(ns, 'pod/app', 'main')).includes('second'), { timeoutMs: 25_000 });
    tell(`a changed Secret was in the file after ${((performance.now() - changedAt) / 1000).toFixed(1)} s`);
    expect((await logs(ns, 'pod/app', 'main')).split('\n')).toEqual(['first', 'second']);
  }, 60_000);

  it('is a Job that ends, one of a CronJob, and a StatefulSet', async () => {
    const ns = 'kinds';
    const job = { backoffLimit: 0 };
    const once = { spec: { restartPolicy: 'Never', containers: [container('main', look)] } };
    await world.apply(namespace(ns));
    await world.apply(
      secret(ns, 'creds', credentials),
      workload('Job', ns, 'once', { ...once, annotations: fromSecret }, job),
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { namespace: ns, name: 'nightly', annotations: fromSecret },
        spec: { schedule: '0 3 * * *', jobTemplate: { spec: { ...job, template: once } } },
      },
      workload(
        'StatefulSet',
        ns,
        'set',
        { annotations: fromSecret, spec: { containers: [container('main', look + stay)] } },
        { replicas: 2, serviceName: 'set' },
      ),
    );
    await world.kubectl(['create', 'job', '-n', ns, 'tonight', '--from=cronjob/nightly']);
    for (const name of ['once', 'tonight']) {
      await world.kubectl(['wait', '-n', ns, '--for=condition=Complete', `job/${name}`, '--timeout=25s']);
      expect(await seen(ns, `job/${name}`, 'main')).toMatchObject({ files: credentials });
    }
    await world.kubectl(['rollout', 'status', '-n', ns, 'statefulset/set', '--timeout=25s']);
    for (const name of ['set-0', 'set-1']) {
      expect(await seen(ns, `pod/${name}`, 'main')).toMatchObject({ files: credentials });
    }
  }, 90_000);

  it('has told what was done by Events, and no call of either role was forbidden', async () => {
    const reasons = await world.kubectl(
      'get events -n restricted --field-selector=reason=BindingInjected -o jsonpath={.items[*].reason}',
    );
    expect(reasons).toContain('BindingInjected');
    for (const role of ['webhook', 'controller']) {
      const args = ['logs', '-n', 'bindery-system', '-l', `app.kubernetes.io/component=${role}`, '--tail=-1'];
      const lines = (await world.kubectl(args)).split('\n');
      expect(lines.filter((line) => /forbidden|"level":"(warn|error)"/i.test(line))).toEqual([]);
    }
  });
});
