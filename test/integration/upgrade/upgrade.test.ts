import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, pods, replicaSets, secrets } from '../../../src/kube/resources.ts';
import { freePort } from '../../support/free-port.ts';
import { installBindery, kubeconfigOf, type Role } from '../../support/installed-bindery.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { asking, deploy, requestedFor, type RequestedNames } from '../workloads/requested-services.ts';

const release = join(import.meta.dirname, 'releases', '4e5b161.js.br');
const electionFlags = [
  '--leader-elect=true',
  '--lease-duration=3s',
  '--renew-deadline=2s',
  '--retry-period=200ms',
];

let directory: string;
/** The program of the release before; the sources are the one of now. */
let before: string;
let world: ServiceWorld;
/** Stands for the Service: the address stays, and who answers there changes. */
let relay: TcpRelay;
let running: Readonly<Record<Role, BinderyProcess>>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bindery-upgrade-'));
  before = join(directory, 'bindery.js');
  await writeFile(before, brotliDecompressSync(await readFile(release)));
  world = await ServiceWorld.start({ controllers: 'none' });
  const first = new URL(`https://127.0.0.1:${await freePort()}`);
  relay = await TcpRelay.start(first);
  const install = ['install', `--kubeconfig=${world.controlPlane.kubeconfig}`];
  await promisify(execFile)(process.execPath, [before, ...install, `--webhook-url=${address().origin}`]);
  const [controller, webhook] = await Promise.all([startController(before), startWebhook(first, before)]);
  running = { controller, webhook };
  await world.register();
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await relay?.close();
  await rm(directory, { recursive: true, force: true });
});

function address(): URL {
  return relay.url(new URL('https://127.0.0.1'));
}

async function startController(program?: string): Promise<BinderyProcess> {
  return start('controller', ['--max-retry-interval=1s', ...electionFlags], program);
}

async function startWebhook(listen: URL, program?: string): Promise<BinderyProcess> {
  return start('webhook', [`--listen=${listen.host}`, `--webhook-url=${address().origin}`], program);
}

async function start(role: Role, args: readonly string[], program?: string): Promise<BinderyProcess> {
  const kubeconfig = await kubeconfigOf(role, world.controlPlane);
  return world.startRoleProcess({ role, kubeconfig, args, ...(program === undefined ? {} : { program }) });
}

/**
 * One role after the other is replaced as a Deployment does it, the new one ready before the old one ends, while Pods are
 * created. The old webhook ends when it is not called any more: how connections are drained is tested on the real node.
 * @param program of now, if it is left out
 * @returns what became of the Pods
 */
async function replaceBy(
  program: string | undefined,
  first = async (): Promise<unknown> => undefined,
): Promise<Admitted> {
  const old = running;
  const during = await underPods(async () => {
    await first();
    const listen = new URL(`https://127.0.0.1:${await freePort()}`);
    const webhook = await startWebhook(listen, program);
    relay.redirect(listen);
    const [controller] = await Promise.all([startController(program), old.controller.stop()]);
    running = { controller, webhook };
    await hasLookedAtAll(controller);
  });
  await old.webhook.stop();
  await waitFor(() => relay.connections === 0);
  const after = await underPods(async () => undefined);
  return { admitted: during.admitted + after.admitted, refused: [...during.refused, ...after.refused] };
}

/** It leads, and has looked at everything: whatever it wants to do it has begun. */
async function hasLookedAtAll(controller: BinderyProcess): Promise<void> {
  await waitFor(async () => {
    const text = await controller.metrics();
    const has = (sample: string): boolean => new RegExp(`^${sample}$`, 'm').test(text);
    const looked = (name: string): boolean =>
      has(`bindery_reconcile_duration_seconds_count\\{controller="${name}",outcome="done"\\} [1-9]\\d*`) &&
      has(`bindery_queue_depth\\{controller="${name}"\\} 0`);
    return has('bindery_leader 1') && ['service-instance', 'service-binding', 'workload'].every(looked);
  });
}

interface Admitted {
  readonly admitted: number;
  readonly refused: readonly string[];
}

/** Pods are created all the time; tells what became of them. */
async function underPods(change: () => Promise<void>): Promise<Admitted> {
  const annotations = { 'bind.servicecatalog.k8s.io/db': 'binding/fine' };
  const spec = { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };
  const refused: string[] = [];
  let admitted = 0;
  const over = new AbortController();
  const creating = (async () => {
    while (!over.signal.aborted) {
      const metadata = { generateName: 'during-', namespace: world.namespace, annotations };
      try {
        const pod = await world.client.create(pods, { metadata, spec } as unknown as KubeObject);
        if (JSON.stringify(pod).includes('/bindings/db')) admitted++;
        else refused.push(`${pod.metadata.name} has no credentials`);
      } catch (error) {
        refused.push(String(error));
      }
    }
  })();
  await waitFor(() => admitted > 0);
  try {
    await change();
    const soFar = admitted;
    await waitFor(() => admitted > soFar + 3 || refused.length > 0);
  } finally {
    over.abort();
    await creating;
  }
  return { admitted, refused };
}

/** What must not change: identities, what the broker was told, Secrets, and the templates of workloads. */
async function state(): Promise<object> {
  const { client, namespace } = world;
  const { items: instances } = await client.list<ServiceInstance>(serviceInstances, { namespace });
  const { items: bindings } = await client.list<ServiceBinding>(serviceBindings, { namespace });
  const logins = await Promise.all(
    bindings.map(async ({ metadata: { name } }) => client.get<KubeObject>(secrets, { namespace, name })),
  );
  const sets = await client.list(replicaSets, { namespace });
  const workload = await client.get(deployments, { namespace, name: 'orders' });
  return {
    instances: instances
      .filter(({ metadata }) => settled.includes(metadata.name) || metadata.name === requested().instance)
      .map(({ metadata, spec, status }) => [
        metadata.name,
        metadata.uid,
        spec,
        status?.instanceID,
        readyOf(status),
      ]),
    bindings: bindings.map(({ metadata, spec, status }) => [
      metadata.name,
      metadata.uid,
      spec,
      status?.bindingID,
      readyOf(status),
    ]),
    logins: logins.map((login) => [
      login.metadata.name,
      login.metadata.uid,
      (login as { data?: object }).data,
    ]),
    replicaSets: sets.items.map(({ metadata }) => metadata.uid),
    template: (workload as unknown as { readonly spec: { readonly template: object } }).spec.template,
  };
}

type Conditions = readonly { readonly type: string; readonly status: string; readonly reason?: string }[];

function readyOf(status: { readonly conditions?: Conditions } | undefined): unknown {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return [ready?.status, ready?.reason];
}

/** Everything but catalogs, polls and the repetition of what `going` is waiting for. */
function undue(): readonly string[] {
  return world.broker.requests
    .filter(
      ({ operation }) => !['catalog', 'pollInstance', 'getInstance', 'getBinding'].includes(operation ?? ''),
    )
    .filter(({ operation, instanceId }) => operation !== 'deprovision' || instanceId !== goingId)
    .map(({ operation, instanceId }) => `${operation} ${instanceId}`);
}

/** Whatever replaces the program: no Pod is refused, nothing changes, and the broker is asked for nothing that was not due. */
async function expectUnharmed(replace: () => Promise<Admitted>): Promise<void> {
  const then = await state();
  const seen = world.broker.requests.length;
  const { refused, admitted } = await replace();
  expect(refused).toEqual([]);
  expect(admitted).toBeGreaterThan(3);
  expect(await state()).toEqual(then);
  world.broker.requests.splice(0, seen);
  expect(undue()).toEqual([]);
}

const settled = ['fine', 'second', 'third', 'refused'];
const requested = (): RequestedNames => requestedFor(world.namespace, 'orders', 'db');
let goingId = '';

it('the release before has services in all states', async () => {
  const { broker } = world;
  for (const name of ['fine', 'second', 'third', 'kept', 'going']) await world.createInstance(name);
  for (const name of ['fine', 'second', 'third', 'kept', 'going'])
    await world.instance(name, isReady, 'is ready');
  for (const name of ['fine', 'second']) {
    await world.createBinding(name, name);
    await world.binding(name, isReady, 'is ready');
  }
  await deploy(world, 'orders', asking('db'), deployments, {});
  await world.binding(requested().login, isReady, 'is ready');

  broker.script({ operation: 'provision' }, { kind: 'answer', status: 400, body: { description: 'no' } });
  await world.createInstance('refused');
  await world.instance('refused', isFailed, 'failed');

  broker.script({ operation: 'provision' }, { kind: 'async', polls: 1_000 });
  await world.createInstance('slow');
  await world.instance('slow', ({ status }) => status?.asyncOpInProgress === true, 'is under way');

  const retain = { metadata: { annotations: { 'servicecatalog.k8s.io/deletion-policy': 'retain' } } };
  const ref = { namespace: world.namespace, name: 'kept' };
  await world.client.patch(serviceInstances, ref, retain, { type: 'merge' });
  await world.remove(serviceInstances, 'kept');
  await world.gone(serviceInstances, 'kept');

  const { status } = await world.instance('going', isReady, 'is ready');
  goingId = status?.instanceID ?? '';
  broker.script({ operation: 'deprovision', instanceId: goingId }, { kind: 'answer', status: 500 }, 'always');
  await world.remove(serviceInstances, 'going');
  await waitFor(() => broker.requestsOf('deprovision', goingId).length > 0);
}, 120_000);

it('the program alone, under the manifests of before, does no harm and works', async () => {
  await expectUnharmed(async () => replaceBy(undefined));
  await world.createInstance('early');
  await world.instance('early', isReady, 'is ready');
  await expectUnharmed(async () => replaceBy(before));
}, 120_000);

it('the upgrade refuses no Pod, and asks the broker for nothing that was not due', async () => {
  await expectUnharmed(async () => replaceBy(undefined, async () => installBindery(world, address())));
}, 120_000);

it('what was under way goes on: it ends when the broker is ready for it', async () => {
  world.broker.finishPending();
  await world.instance('slow', isReady, 'is ready');
  await world.createInstance('new');
  await world.instance('new', isReady, 'is ready');
}, 120_000);

it('a roll-back of the program refuses no Pod and takes nothing away', async () => {
  await expectUnharmed(async () => replaceBy(before));
}, 120_000);

/** Makes an instance, says that of it, and has it deleted. */
async function deleteThatSays(name: string, key: string, value: string): Promise<string> {
  await world.createInstance(name);
  const { status } = await world.instance(name, isReady, 'is ready');
  const annotations = { [`servicecatalog.k8s.io/${key}`]: value };
  const ref = { namespace: world.namespace, name };
  await world.client.patch(serviceInstances, ref, { metadata: { annotations } }, { type: 'merge' });
  await world.remove(serviceInstances, name);
  return status?.instanceID ?? '';
}

it('what the program of before does not know it does not heed, as docs/operations.md says', async () => {
  const deprovisioned = (id: string): boolean => world.broker.requestsOf('deprovision', id).length > 0;
  for (const [key, value] of [
    ['paused', 'true'],
    ['release-to', 'elsewhere'],
  ] as const) {
    const id = await deleteThatSays(`says-${key}`, key, value);
    await world.gone(serviceInstances, `says-${key}`);
    expect(deprovisioned(id)).toBe(true);
  }
  // The API server asks a webhook that the older program does not have.
  await expect(deleteThatSays('purged', 'purge', 'true')).rejects.toThrow('purge.servicecatalog.k8s.io');
  // The API server holds it, whichever program runs.
  await expect(deleteThatSays('protected', 'deletion-protection', 'true')).rejects.toThrow(
    'deletion-protection',
  );

  await world.createInstance('cascading', {}, { 'servicecatalog.k8s.io/cascade': 'true' });
  await world.createBinding('cascading', 'cascading');
  await world.binding('cascading', isReady, 'is ready');
  await world.remove(serviceInstances, 'cascading');
  const { status } = await world.instance(
    'cascading',
    (one) => readyReason(one) === 'DeprovisionBlockedByExistingCredentials',
    'waits for its binding',
  );
  expect(deprovisioned(status?.instanceID ?? '')).toBe(false);
}, 120_000);

it('and once more to the program of now, where everything ends well', async () => {
  const { refused } = await replaceBy(undefined);
  expect(refused).toEqual([]);
  world.broker.forget();
  await world.gone(serviceInstances, 'going');
  await world.gone(serviceInstances, 'cascading');
  expect(world.broker.violations).toEqual([]);
}, 120_000);
