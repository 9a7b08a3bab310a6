import { mutatePod } from '../../../src/admission/mutate-pod.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { isNamespaceServed, podOptOuts, workloadsInScope } from '../../../src/model/scope.ts';
import { admittedServices } from '../../../src/workloads/making/wanted-services.ts';
import { trimWorkload, type RawWorkload } from '../../../src/workloads/workload.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import { request } from '../../unit/admission/requests.ts';
import { world } from '../../unit/admission/pod-world.ts';
import { connect, create, tryCreate, type Manifest } from './catalog-cluster.ts';
import { objectsIn, startPrivateCluster } from './private-cluster.ts';

/**
 * The API server evaluates the selectors and conditions that are generated from the table of scope; admission and the
 * workload controller read the table itself. Here both are asked about the same objects.
 */
type Marks = Readonly<Record<string, string>>;

interface WebhookConfiguration extends Manifest {
  readonly webhooks: readonly { readonly name: string }[];
}

const own = 'bindery-system';
const ask = { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/small' };
const inject = 'inject.servicecatalog.k8s.io';
const presets = 'servicecatalog.k8s.io/pod-presets';
const namespaces: ReadonlyMap<string, Marks> = new Map<string, Marks>([
  ['team', {}],
  ['on', { [inject]: 'enabled' }],
  ['off', { [inject]: 'disabled' }],
  ['with-presets', { [presets]: 'enabled' }],
  ['off-with-presets', { [presets]: 'enabled', [inject]: 'disabled' }],
  [own, {}],
  ['kube-system', {}],
  ['kube-public', {}],
  ['kube-node-lease', {}],
]);
const places = [...namespaces.keys()];

/** Every one with every other. */
function combinations(choices: readonly (readonly Marks[])[]): readonly Marks[] {
  return choices.reduce<readonly Marks[]>(
    (before, options) => before.flatMap((marks) => options.map((option) => ({ ...marks, ...option }))),
    [{}],
  );
}

const optOuts = podOptOuts.filter(({ place }) => place === 'annotations');
const annotationSets = combinations([
  [{}, ask],
  [{}, { 'env.bind.servicecatalog.k8s.io/db': '*' }],
  [{}, { 'kubernetes.io/config.mirror': 'x' }],
  ...optOuts.map(({ key, value }) => [{}, { [key]: value }, { [key]: 'other' }]),
]);
const labelSets: readonly Marks[] = [{}, { [inject]: 'disabled' }, { [inject]: 'enabled' }];

let plane: ControlPlane;
let client: KubeClient;
beforeAll(async () => {
  plane = await startPrivateCluster();
  client = await connect(plane.kubeconfig);
  for (const [name, labels] of namespaces) {
    const metadata = { name, labels };
    if (!/^kube-|^bindery-/.test(name))
      await create(client, { apiVersion: 'v1', kind: 'Namespace', metadata });
  }
}, 90_000);
afterAll(async () => {
  await client?.close();
  await plane?.stop();
});

function pod(namespace: string, labels: Marks, annotations: Marks): Manifest {
  const metadata = { name: 'p', namespace, labels, annotations };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'i' }] } };
}

const allPods = places.flatMap((namespace) =>
  labelSets.flatMap((labels) => annotationSets.map((annotations) => pod(namespace, labels, annotations))),
);

/** Whether admission would do something for the Pod. */
async function isServed(object: Manifest): Promise<boolean> {
  const namespace = String(object.metadata?.['namespace']);
  const { deps } = world({ namespaceLabels: (name) => namespaces.get(name), excludedNamespaces: [own] });
  const review = request({ object: { ...object }, namespace });
  const { outcome } = await mutatePod(review, { timeoutMs: 1_000 }, deps);
  return outcome === 'patched';
}

/** The API server's refusal in the name of what matched; empty when nothing did. */
async function refusalOf(object: Manifest): Promise<string> {
  const answer = await tryCreate(client, object);
  return answer.accepted ? '' : answer.message;
}

function describedBy({ metadata }: Manifest): string {
  const { namespace, labels, annotations } = metadata as Readonly<Record<string, unknown>>;
  return JSON.stringify([namespace, labels, annotations]);
}

function workload(kind: string, namespace: string, at: 'itself' | 'template', annotations: Marks): Manifest {
  const labels = { app: 'w' };
  const restartPolicy = /Job/.test(kind) ? 'Never' : 'Always';
  const spec = { containers: [{ name: 'c', image: 'i' }], restartPolicy };
  const template = { metadata: { labels, annotations: at === 'template' ? annotations : {} }, spec };
  const selector = { matchLabels: labels };
  const specs: Readonly<Record<string, object>> = {
    StatefulSet: { serviceName: 's', selector, template },
    Job: { template },
    CronJob: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } },
  };
  const metadata = { name: 'w', namespace, annotations: at === 'itself' ? annotations : {} };
  const apiVersion = /Job/.test(kind) ? 'batch/v1' : 'apps/v1';
  return { apiVersion, kind, metadata, spec: specs[kind] ?? { selector, template } };
}

describe('the webhook', () => {
  /** Nobody listens there and every entry fails closed: a request is refused in the name of the entry that matches. */
  beforeAll(async () => {
    const [configuration] = (await objectsIn('webhook-config/mutating.yaml')) as [WebhookConfiguration];
    const webhooks = configuration.webhooks.map((webhook) => ({
      ...webhook,
      failurePolicy: 'Fail',
      timeoutSeconds: 1,
      clientConfig: { url: 'https://127.0.0.1:1/' },
    }));
    expect(await create(client, { ...configuration, webhooks } as Manifest)).toMatchObject({
      accepted: true,
    });
    await waitFor(async () => (await refusalOf(pod('team', {}, ask))) !== '');
  });

  it('is called for the Pods that admission serves, and no others', async () => {
    const differing: string[] = [];
    for (const object of allPods) {
      const isCalled = (await refusalOf(object)).includes('"pods.bind.servicecatalog.k8s.io"');
      if (isCalled !== (await isServed(object))) differing.push(describedBy(object));
    }
    expect(differing).toEqual([]);
  }, 60_000);

  it('(60) is called for every workload for which the controller would make something', async () => {
    const unseen: string[] = [];
    let made = 0;
    for (const { kind } of workloadsInScope) {
      for (const namespace of places) {
        for (const at of ['itself', 'template'] as const) {
          const object = workload(kind, namespace, at, ask);
          const isCalled = (await refusalOf(object)).includes('"workloads.bind.servicecatalog.k8s.io"');
          const isSent = isNamespaceServed(namespace, namespaces.get(namespace), own);
          const services = admittedServices([trimWorkload(kind, object as unknown as RawWorkload)], isSent);
          if (services.instances.size > 0) made++;
          if (isCalled !== isSent) unseen.push(`${kind} ${namespace} ${at}`);
        }
      }
    }
    expect(unseen).toEqual([]);
    // On the template, in the three served namespaces, of each kind that may ask (a ReplicaSet without an owner too).
    expect(made).toBe(3 * workloadsInScope.length);
  }, 60_000);

  afterAll(async () => {
    expect(await plane.kubectl(['delete', 'mutatingwebhookconfiguration', 'bindery'])).toMatchObject({
      code: 0,
    });
    await waitFor(async () => (await refusalOf(workload('Deployment', 'team', 'itself', ask))) === '');
  });
});

it('the policy refuses just those Pods when nobody has injected anything', async () => {
  const policies = (await objectsIn('webhook-config/policies.yaml')) as readonly Manifest[];
  for (const object of policies.slice(0, 2))
    expect(await plane.kubectl(['apply', '-f', '-'], JSON.stringify(object))).toMatchObject({ code: 0 });
  const refusal = 'the injector did not run';
  await waitFor(async () => (await refusalOf(pod('team', {}, ask))).includes(refusal));
  const differing: string[] = [];
  for (const object of allPods) {
    const isRefused = (await refusalOf(object)).includes(refusal);
    if (isRefused !== (await isServed(object))) differing.push(describedBy(object));
  }
  expect(differing).toEqual([]);
}, 60_000);
