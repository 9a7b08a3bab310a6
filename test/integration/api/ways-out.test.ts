import { join } from 'node:path';
import {
  cascadeAnnotation as cascade,
  deletionProtectionAnnotation as protection,
  purgeAnnotation as purge,
  purgeAskedByAnnotation as askedBy,
} from '../../../src/api/group.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { namespaces, resourcePath } from '../../../src/kube/resources.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  connect,
  create,
  expectAnswer,
  expectDone,
  root,
  tryCreate,
  tryPatch,
  type Answer,
  type Manifest,
} from './catalog-cluster.ts';
import { startPrivateCluster } from './private-cluster.ts';

type Annotations = Readonly<Record<string, string>>;

let plane: ControlPlane;
let administrator: KubeClient;
/** May do everything with instances and bindings, but let none go without its broker; `operator` may. */
let editor: KubeClient;
let operator: KubeClient;
/** May do everything with instances, and with bindings nothing. */
let halfling: KubeClient;

beforeAll(async () => {
  plane = await startPrivateCluster();
  for (const name of ['team', 'crowd', 'going']) await expectDone(plane, 'create', 'namespace', name);
  administrator = await connect(plane.kubeconfig);
  await expectDone(plane, 'apply', '-f', join(root, 'deploy/rbac/users.yaml'));
  const kinds = ['serviceinstances', 'servicebindings'].map(
    (kind) => `--resource=${kind}.servicecatalog.k8s.io`,
  );
  await expectDone(plane, 'create', 'clusterrole', 'editor', '--verb=*', ...kinds);
  const grant = async (role: string, ...users: readonly string[]): Promise<string> =>
    expectDone(plane, 'create', 'rolebinding', role, '-n', 'team', `--clusterrole=${role}`, ...users);
  await grant('editor', '--user=editor', '--user=operator');
  await grant('bindery-purge', '--user=operator');
  await expectDone(plane, 'create', 'clusterrole', 'halfling', '--verb=*', ...kinds.slice(0, 1));
  await grant('halfling', '--user=halfling');
  const connectAs = async (user: string): Promise<KubeClient> => connect(await plane.kubeconfigFor(user));
  [editor, operator, halfling] = [
    await connectAs('editor'),
    await connectAs('operator'),
    await connectAs('halfling'),
  ];
  // From before the policies.
  await make(instance({ name: 'asked', annotations: { [askedBy]: 'somebody' } }));
  await make(instance({ name: 'db' }));
  await make(instance({ name: 'cascading', annotations: { [cascade]: 'true' } }));
  await make(instance({ name: 'purged', annotations: { [purge]: 'true', [askedBy]: 'operator' } }));
  await make(instance({ name: 'unclear', annotations: { [protection]: 'yes' } }));
  await expectDone(plane, 'apply', '-f', join(root, 'webhook-config/policies.yaml'));
  await waitFor(async () => {
    const answer = await tryCreate(administrator, instance({ annotations: { [protection]: 'yes' } }));
    return !answer.accepted && answer.message.includes('protects nothing');
  });
}, 90_000);

afterAll(async () => {
  await Promise.all([administrator, editor, operator, halfling].map((client) => client?.close()));
  await plane?.stop();
});

interface Parts {
  readonly name?: string;
  readonly namespace?: string;
  readonly annotations?: Annotations;
  readonly finalizers?: readonly string[];
}

function instance({ name = 'new', namespace = 'team', ...metadata }: Parts): Manifest {
  return {
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceInstance',
    metadata: { name, namespace, ...metadata },
    spec: { clusterServiceClassExternalName: 'c', clusterServicePlanExternalName: 'p' },
  };
}

function binding({ name = 'new', namespace = 'team', ...metadata }: Parts): Manifest {
  return {
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceBinding',
    metadata: { name, namespace, ...metadata },
    spec: { instanceRef: { name: 'db' } },
  };
}

async function make(object: Manifest): Promise<void> {
  expectAnswer(await create(administrator, object), undefined);
}

function annotate(
  name: string,
  annotations: Readonly<Record<string, string | null>>,
  client = administrator,
): Promise<Answer> {
  const patch = { metadata: { annotations } };
  return tryPatch(client, { kind: 'ServiceInstance', name, namespace: 'team', patch });
}

const kubectlDelete = (namespace: string, ...args: readonly string[]) =>
  plane.kubectl(['delete', '-n', namespace, '--wait=false', ...args]);

async function namesIn(namespace: string): Promise<readonly string[]> {
  const { items } = await administrator.list(serviceInstances, { namespace });
  return items.map(({ metadata }) => metadata.name);
}

describe('the word that protects', () => {
  it.each<[Annotations, string]>([
    [{ [protection]: 'yes' }, 'protects nothing: write "true"'],
    [{ [protection]: '' }, 'protects nothing: write "true"'],
    [{ [protection]: 'True' }, 'protects nothing: write "true"'],
    [{ 'servicecatalog.k8s.io/deletion-protecton': 'true' }, `did you mean "${protection}"?`],
    [{ 'servicecatalog.k8s.io/protected': 'true' }, `did you mean "${protection}"?`],
  ])('is refused as %j, with the one that is meant', async (annotations, hint) => {
    expectAnswer(await tryCreate(administrator, instance({ annotations })), hint);
    expectAnswer(await tryCreate(administrator, binding({ annotations })), hint);
  });

  it.each([{ [protection]: 'true' }, { [protection]: 'false' }, {}])(
    'is stored as %j',
    async (annotations) => {
      expectAnswer(await tryCreate(administrator, instance({ annotations })), undefined);
      expectAnswer(await tryCreate(administrator, binding({ annotations })), undefined);
    },
  );

  it('holds up nothing else where it was stored unclear, and may be put right', async () => {
    expectAnswer(await annotate('unclear', { note: 'x' }), undefined);
    expectAnswer(await annotate('unclear', { [protection]: 'true' }), undefined);
    expectAnswer(await annotate('unclear', { [protection]: 'no' }), 'protects nothing');
  });
});

describe('what is protected', () => {
  it.each([
    ['serviceinstances', instance],
    ['servicebindings', binding],
  ])(
    'can not be deleted from %s, and the command that lifts it is told and does',
    async (plural, manifest) => {
      await make(manifest({ name: 'kept', annotations: { [protection]: 'true' } }));
      const { code, stderr } = await kubectlDelete('team', plural, 'kept');
      expect(code).not.toBe(0);
      const [, lift = ''] = /: (kubectl annotate .*deletion-protection-)/.exec(stderr) ?? [];
      expect(lift).toContain(`-n team ${plural}.servicecatalog.k8s.io kept`);
      await expectDone(plane, ...lift.split(' ').slice(1));
      expect(await kubectlDelete('team', plural, 'kept')).toMatchObject({ code: 0 });
    },
  );

  it.each(['false', 'yes'])('is not what says %j (B20)', async (value) => {
    if (value === 'false') await make(instance({ name: value, annotations: { [protection]: value } }));
    const name = value === 'yes' ? 'unclear' : value;
    expect(await kubectlDelete('team', 'serviceinstance', name)).toMatchObject({ code: 0 });
  });

  it('is left by a deletion of all of them', async () => {
    await make(instance({ name: 'a', namespace: 'crowd' }));
    await make(instance({ name: 'kept', namespace: 'crowd', annotations: { [protection]: 'true' } }));
    const all = administrator.raw('DELETE', resourcePath(serviceInstances, { namespace: 'crowd' }));
    await expect(all).rejects.toMatchObject({
      message: expect.stringContaining('"kept" is protected') as string,
    });
    expect(await namesIn('crowd')).toEqual(['kept']);
  });

  it('may be deleted once more where its deletion has begun', async () => {
    await make(instance({ name: 'dying', finalizers: ['example.com/held'] }));
    expect(await kubectlDelete('team', 'serviceinstance', 'dying')).toMatchObject({ code: 0 });
    await expectDone(plane, 'annotate', '-n', 'team', 'serviceinstance', 'dying', `${protection}=true`);
    expect(await kubectlDelete('team', 'serviceinstance', 'dying')).toMatchObject({ code: 0 });
  });

  it('stays when its namespace is deleted, which says so, and goes with it when that is lifted', async () => {
    await make(instance({ name: 'kept', namespace: 'going', annotations: { [protection]: 'true' } }));
    await expectDone(plane, 'delete', 'namespace', 'going', '--wait=false');
    await waitFor(
      async () => {
        const { status } = await administrator.get<{
          readonly metadata: { readonly name: string };
          readonly status?: { readonly conditions?: readonly { readonly message: string }[] };
        }>(namespaces, { name: 'going' });
        return status?.conditions?.some(({ message }) => message.includes('"kept" is protected'));
      },
      { timeoutMs: 60_000, describe: 'the namespace says what it waits for' },
    );
    expect(await namesIn('going')).toEqual(['kept']);
    await expectDone(plane, 'annotate', '-n', 'going', 'serviceinstance', 'kept', `${protection}-`);
    await waitFor(async () => (await namesIn('going')).length === 0, { timeoutMs: 60_000 });
  }, 150_000);
});

describe('letting an instance go without its broker, while the webhook is away', () => {
  const right = 'the right to update serviceinstances/purge';
  const other = 'purge-asked-by must name the user who writes it';

  it.each<
    [string, 'editor' | 'operator', string, Readonly<Record<string, string | null>>, string | undefined]
  >([
    ['who has the right', 'operator', 'db', { [purge]: 'true', [askedBy]: 'operator' }, undefined],
    [
      'who has the right, without a name, which lets nothing go',
      'operator',
      'db',
      { [purge]: 'true' },
      undefined,
    ],
    ['who has not', 'editor', 'db', { [purge]: 'true' }, right],
    ['who has not, under a name of theirs', 'editor', 'db', { [purge]: 'true', [askedBy]: 'editor' }, right],
    ['who has not, under another name', 'editor', 'db', { [purge]: 'true', [askedBy]: 'operator' }, right],
    ['who has not, under a name from before', 'editor', 'asked', { [purge]: 'true' }, right],
    ['who has not, by the name alone', 'editor', 'db', { [askedBy]: 'operator' }, right],
    ['who has the right, in another name', 'operator', 'db', { [purge]: 'true', [askedBy]: 'editor' }, other],
    ['who has the right, under a name from before', 'operator', 'asked', { [purge]: 'true' }, other],
    ['who has the right, in a word that is unclear', 'operator', 'db', { [purge]: 'yes' }, 'write "true"'],
    ...['purged', 'Purge', 'pruge', 'purge-askedby'].map(
      (key): [string, 'operator', string, Readonly<Record<string, string>>, string] => [
        `who has the right, by the key ${key}`,
        'operator',
        'db',
        { [`servicecatalog.k8s.io/${key}`]: 'true' },
        `"servicecatalog.k8s.io/${key}" means nothing: did you mean "${purge}"?`,
      ],
    ),
    ['who has not, and takes it back', 'editor', 'purged', { [purge]: null, [askedBy]: null }, undefined],
    ['who has not, and says something else', 'editor', 'purged', { note: 'x' }, undefined],
  ])('is said by %s', async (_what, user, name, annotations, refusal) => {
    expectAnswer(await annotate(name, annotations, user === 'editor' ? editor : operator), refusal);
  });

  it.each([{ [purge]: 'true' }, { [askedBy]: 'operator' }, { [purge]: 'true', [askedBy]: 'system:admin' }])(
    'is never said of what is new: %j',
    async (annotations) => {
      const refusal = 'are for objects that are there already';
      expectAnswer(await tryCreate(administrator, instance({ annotations })), refusal);
      expectAnswer(await tryCreate(operator, binding({ annotations })), refusal);
    },
  );

  it('of which the finalizer is taken away, is hindered by nothing', async () => {
    const patch = { metadata: { finalizers: null } };
    expectAnswer(
      await tryPatch(editor, { kind: 'ServiceInstance', name: 'purged', namespace: 'team', patch }),
      undefined,
    );
  });
});

describe('the word that deletes bindings, too', () => {
  const right = 'may not delete servicebindings';

  it('needs the right to delete bindings, on what is new and on what is there', async () => {
    const annotations = { [cascade]: 'true' };
    expectAnswer(await tryCreate(halfling, instance({ annotations })), right);
    expectAnswer(await tryCreate(editor, instance({ annotations })), undefined);
    expectAnswer(await annotate('db', annotations, halfling), right);
    expectAnswer(await annotate('db', annotations, editor), undefined);
  });

  it('is acted on by nobody who may not delete bindings, and can be taken back', async () => {
    const ref = { namespace: 'team', name: 'cascading' };
    await expect(halfling.delete(serviceInstances, ref)).rejects.toMatchObject({
      message: expect.stringContaining(right) as string,
    });
    expectAnswer(await annotate('cascading', { note: 'x' }, halfling), undefined);
    expectAnswer(await annotate('cascading', { [cascade]: null }, halfling), undefined);
    expectAnswer(await annotate('cascading', { [cascade]: 'false' }, halfling), undefined);
    await editor.delete(serviceInstances, ref);
  });

  it('is refused when it is unclear', async () => {
    expectAnswer(await tryCreate(editor, instance({ annotations: { [cascade]: 'yes' } })), 'write "true"');
  });
});
