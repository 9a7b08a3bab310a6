import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../support/wait-for.ts';
import { startBroker, type RunningBroker } from './support/broker.ts';
import { container, namespace, pod, secret, workload } from './support/objects.ts';
import { look, outputOf, stay } from './support/output.ts';
import { describeInCluster, itWithGo, programsImageHere } from './support/prepared.ts';
import { seconds, tell } from './support/tell.ts';
import { startWorld, type World } from './support/world.ts';

const demo = join(import.meta.dirname, '..', '..', 'demo');
const bind = 'bind.servicecatalog.k8s.io/creds';
const fromSecret = { [bind]: 'secret/creds' };
/** Where a CronJob waits for its minute while the other tests go on. */
const kinds = 'kinds';
const once = { restartPolicy: 'Never', containers: [container('main', look)] };
const credentials = { type: 'postgresql', username: 'alice', password: 'first' };

interface List {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

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

describeInCluster('an annotated workload', () => {
  let world: World;
  let broker: RunningBroker;

  beforeAll(async () => {
    world = await startWorld();
    [, broker] = await Promise.all([world.install(), startBroker(world, 1_000)]);
    await world.create(namespace(kinds));
    await world.apply(secret(kinds, 'creds', credentials), {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { namespace: kinds, name: 'each-minute', annotations: fromSecret },
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          metadata: { labels: { of: 'each-minute' } },
          spec: { backoffLimit: 0, template: { spec: once } },
        },
      },
    });
  });
  afterAll(async () => world?.stop());

  const { logs, said, seen } = outputOf(() => world);
  const running = async (ns: string, target: string): Promise<void> => {
    await world.kubectl(['wait', '-n', ns, '--for=condition=Ready', target, '--timeout=90s']);
  };

  it('gets a database from the broker, reads its credentials and does SQL', async () => {
    const filled = (await readFile(join(demo, 'broker.yaml'), 'utf8')).replaceAll(
      /\$([A-Z]+)/g,
      (_whole, name: string) =>
        JSON.stringify({ URL: broker.url, USERNAME: broker.username, PASSWORD: broker.password }[name]),
    );
    await world.kubectl(
      ['apply', '-f', '-'],
      filled.replaceAll('namespace: default', `namespace: ${broker.namespace}`),
    );
    await world.kubectl(['wait', '--for=condition=Ready', 'clusterservicebroker/postgres', '--timeout=90s']);
    const application = await readFile(join(demo, 'app.yaml'), 'utf8');
    await world.create(namespace('demo'));
    const startedAt = performance.now();
    // Its program does not listen to SIGTERM, and as process 1 nothing else ends it before the grace period does.
    const quick = application
      .replace('node:24-alpine', programsImageHere())
      .replace('      containers:', '      terminationGracePeriodSeconds: 0\n      containers:');
    await world.kubectl(['apply', '-f', '-'], quick);
    await world.kubectl(['rollout', 'status', '-n', 'demo', 'deployment/guestbook', '--timeout=90s']);
    tell(`first injected Pod Running ${seconds(startedAt)} s after apply`);
    const row = await waitFor(
      async () =>
        /login: '(\w+)',\s+database: '(\w+)',\s+id: 1,\s+entry: 'written at/.exec(
          await logs('demo', 'deployment/guestbook', 'guestbook'),
        ),
      { timeoutMs: 60_000, describe: async () => logs('demo', 'deployment/guestbook', 'guestbook') },
    );
    expect(row[1]).not.toBe(row[2]);
    expect(await broker.requests()).toContainEqual(expect.stringMatching(/^PUT .*service_bindings.* → 201$/));
  });

  it('is read by the npm package kube-service-bindings, whose options log in', async () => {
    const script = `
      const { getBinding } = require('kube-service-bindings');
      const { Client } = require('pg');
      const client = new Client(getBinding('POSTGRESQL', 'pg'));
      client.connect()
        .then(() => client.query('SELECT count(*) > 0 AS written FROM guestbook'))
        .then(({ rows }) => console.log(JSON.stringify(rows[0])))
        .then(() => client.end());`;
    // The database of the Deployment, with a login of its own.
    const annotations = {
      'bind.servicecatalog.k8s.io/db': 'request/postgresql/small',
      'share.bind.servicecatalog.k8s.io/db': 'Deployment/guestbook',
    };
    const spec = { restartPolicy: 'Never', containers: [container('main', script)] };
    await world.apply(workload('Job', 'demo', 'reader', { annotations, spec }, { backoffLimit: 0 }));
    await world.kubectl('wait -n demo --for=condition=Complete job/reader --timeout=90s');
    expect(await seen('demo', 'job/reader', 'main')).toEqual({ written: true });
  });

  it('leaves nothing at the broker when its namespace is deleted with everything in it', async () => {
    await world.kubectl(['delete', 'namespace', 'demo', '--timeout=90s']);
    // The logins of the Deployment and of the Job, and the database.
    const deleted = (await broker.requests()).filter((line) => line.startsWith('DELETE'));
    expect(deleted.map((line) => line.replace(/^.*→ /, ''))).toEqual(['200', '200', '200']);
    expect(await world.kubectl(['get', 'serviceinstances,servicebindings', '-A', '-o', 'name'])).toBe('');
  });

  it('is injected into init containers, native sidecars and containers under Pod Security restricted', async () => {
    const ns = 'restricted';
    await world.create(namespace(ns, { 'pod-security.kubernetes.io/enforce': 'restricted' }));
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
    await world.kubectl(['rollout', 'status', '-n', ns, 'deployment/app', '--timeout=90s']);
    for (const name of ['prepare', 'proxy', 'main']) {
      expect(await seen(ns, 'deployment/app', name)).toEqual({ files: credentials, env: 'alice', uid: 1000 });
    }
  });

  it.each([
    ['a file', {}],
    ['the environment', { 'env.bind.servicecatalog.k8s.io/creds': 'PGUSER=username' }],
  ])(
    '(50) waits for a missing Secret in %s and starts when it appears',
    async (what, more) => {
      const ns = `late-${what.split(' ').at(-1)}`;
      const mount = Object.keys(more).length > 0 ? { 'mount.bind.servicecatalog.k8s.io/creds': 'none' } : {};
      const script = Object.keys(more).length > 0 ? `console.log(process.env.PGUSER);${stay}` : look + stay;
      await world.create(namespace(ns));
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
        { timeoutMs: 60_000 },
      );
      const missingAt = performance.now();
      await world.apply(secret(ns, 'creds', credentials));
      await running(ns, 'pod/app');
      tell(`waited for a Secret in ${what}: Ready ${seconds(missingAt)} s after`);
      expect(await said(ns, 'pod/app', 'main')).toContain('alice');
    },
    60_000,
  );

  itWithGo(
    'is read by a program in Go that follows the Service Binding Specification',
    async () => {
      const ns = 'reader';
      const once = {
        restartPolicy: 'Never',
        containers: [container('main', '', { command: ['/bin/reader'] })],
      };
      await world.create(namespace(ns));
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
        '--timeout=90s',
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
    await world.create(namespace(ns));
    await world.apply(
      secret(ns, 'creds', credentials),
      pod(ns, 'app', { annotations: fromSecret, spec: { containers: [container('main', follow)] } }),
    );
    await running(ns, 'pod/app');
    const changedAt = performance.now();
    await world.apply(secret(ns, 'creds', { ...credentials, password: 'second' }));
    await waitFor(async () => (await logs(ns, 'pod/app', 'main')).includes('second'), { timeoutMs: 150_000 });
    tell(`a changed Secret was in the file after ${seconds(changedAt)} s`);
    expect((await logs(ns, 'pod/app', 'main')).split('\n')).toEqual(['first', 'second']);
  });

  it('is a Job that ends, or a StatefulSet', async () => {
    await world.apply(
      workload('Job', kinds, 'once', { annotations: fromSecret, spec: once }, { backoffLimit: 0 }),
      workload(
        'StatefulSet',
        kinds,
        'set',
        { annotations: fromSecret, spec: { containers: [container('main', look + stay)] } },
        { replicas: 2, serviceName: 'set' },
      ),
    );
    await world.kubectl(`wait -n ${kinds} --for=condition=Complete job/once --timeout=90s`);
    await world.kubectl(`rollout status -n ${kinds} statefulset/set --timeout=90s`);
    for (const target of ['job/once', 'pod/set-0', 'pod/set-1']) {
      expect(await seen(kinds, target, 'main')).toMatchObject({ files: credentials });
    }
  });

  it('is a Job of a CronJob, when its minute has come', async () => {
    const done = ['jobs', '-n', kinds, '-l', 'of=each-minute', '--field-selector=status.successful=1'];
    const first = async (): Promise<string | undefined> =>
      (await world.get<List>(done)).items[0]?.metadata.name;
    const name = await waitFor(first, { timeoutMs: 120_000, intervalMs: 500 });
    expect(await seen(kinds, `job/${name}`, 'main')).toMatchObject({ files: credentials });
  });

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
