import { allKinds } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ClusterAccess } from '../../cluster/cluster-access.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import {
  connect,
  create,
  expectDone,
  installDefinitions,
  manifest,
  tryCreate,
  type Manifest,
} from './catalog-cluster.ts';

let cluster: ClusterAccess;
let client: KubeClient;
let namespace = '';

beforeAll(async () => {
  cluster = await sharedControlPlane();
  client = await connect(cluster.kubeconfig);
  namespace = await freshNamespace('definitions');
  await installDefinitions(cluster);
}, 60_000);

afterAll(async () => client.close());

function instance(name: string): Manifest {
  const spec = { clusterServiceClassExternalName: 'postgresql' };
  return manifest({ kind: 'ServiceInstance', spec }, namespace, name);
}

describe('the definitions on an API server', () => {
  it('are established, all of them', async () => {
    const query =
      '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Established")].status}{"\\n"}{end}';
    const lines = await expectDone(cluster, 'get', 'crd', '-l', 'svcat=true', '-o', `jsonpath=${query}`);
    const expected = allKinds.map(({ plural, group }) => `${plural}.${group} True`).sort();
    expect(lines.trim().split('\n').sort()).toEqual(expect.arrayContaining(expected));
  });

  it('have no schema problem that the API server reports', async () => {
    const query = '{.items[*].status.conditions[?(@.type=="NonStructuralSchema")].message}';
    expect(await expectDone(cluster, 'get', 'crd', '-l', 'svcat=true', '-o', `jsonpath=${query}`)).toBe('');
  });

  it.each(allKinds.map(({ kind, plural, group }) => [kind, `${plural}.${group}`]))(
    'are explained by kubectl: %s',
    async (_kind, resource) => {
      const text = await expectDone(cluster, 'explain', resource, '--recursive=false');
      expect(text).toContain('DESCRIPTION:');
      expect(text).not.toContain('<no description>');
      expect(text).not.toContain('<empty>');
    },
  );

  it.each([
    ['sinst.spec.parametersFrom.secretKeyRef', 'must be a JSON object'],
    ['serviceinstances.status.nextAttemptTime', 'Nothing is tried again before this time'],
    ['sbind.spec.secretTransforms.addKey', 'jsonPathExpression'],
    ['clusterservicebrokers.spec.catalogRestrictions', 'label selectors'],
    ['podpresets.spec.bindings', 'SERVICE_BINDING_ROOT'],
  ])('explain %s', async (path, text) => {
    expect((await expectDone(cluster, 'explain', path)).replaceAll(/\s+/g, ' ')).toContain(text);
  });

  it.each([
    ['svcat', ['serviceinstances', 'clusterserviceplans', 'podpresets']],
    ['all', ['serviceinstances', 'servicebindings', 'clusterservicebrokers']],
  ])('are listed in the category %s', async (category, expected) => {
    const lines = await expectDone(cluster, 'api-resources', `--categories=${category}`, '-o', 'name');
    const names = lines.split('\n').map((line) => line.split('.')[0]);
    expect(names).toEqual(expect.arrayContaining(expected));
  });

  it.each([
    ['csbroker', 'clusterservicebrokers'],
    ['sbroker', 'servicebrokers'],
    ['csclass', 'clusterserviceclasses'],
    ['sclass', 'serviceclasses'],
    ['csplan', 'clusterserviceplans'],
    ['splan', 'serviceplans'],
    ['sinst', 'serviceinstances'],
    ['sbind', 'servicebindings'],
    ['ppreset', 'podpresets'],
  ])('know the short name %s', async (shortName, plural) => {
    const { code, stdout } = await cluster.kubectl(['get', shortName, '-n', namespace, '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'List' });
    expect(await expectDone(cluster, 'api-resources', '--no-headers')).toMatch(
      new RegExp(`^${plural} +${shortName} `, 'm'),
    );
  });
});

describe('a new object', () => {
  it('has observedGeneration -1, whatever status its creator sent', async () => {
    const answer = await tryCreate(client, { ...instance('fresh'), status: { observedGeneration: 7 } });
    expect(answer).toMatchObject({ accepted: true, object: { status: { observedGeneration: -1 } } });
  });

  it('is not Ready for kubectl wait until its status speaks of this generation', async () => {
    expect(await create(client, instance('waited'))).toMatchObject({ accepted: true });
    const wait = ['wait', '-n', namespace, 'sinst/waited', '--for=condition=Ready'];
    expect((await cluster.kubectl([...wait, '--timeout=1s'])).code).not.toBe(0);

    const conditions = [
      { type: 'Ready', status: 'True', reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ];
    const setStatus = (observedGeneration: number): Promise<string> =>
      expectDone(
        cluster,
        'patch',
        'sinst',
        'waited',
        '-n',
        namespace,
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify({ status: { observedGeneration, conditions } }),
      );
    // Ready, but said of an older spec.
    await setStatus(0);
    expect((await cluster.kubectl([...wait, '--timeout=1s'])).code).not.toBe(0);
    await setStatus(1);
    expect((await cluster.kubectl([...wait, '--timeout=20s'])).code).toBe(0);
  });

  it('shows in its columns what old scripts look for', async () => {
    expect(await create(client, instance('shown'))).toMatchObject({ accepted: true });
    const status = {
      userSpecifiedClassName: 'ClusterServiceClass/postgresql',
      userSpecifiedPlanName: 'small',
      lastConditionState: 'Provisioning',
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'Provisioning',
          message: 'm',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    };
    const patch = JSON.stringify({ status });
    await expectDone(
      cluster,
      'patch',
      'sinst',
      'shown',
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      patch,
    );
    const [header, row] = (await expectDone(cluster, 'get', 'sinst', 'shown', '-n', namespace)).split('\n');
    expect(header?.split(/ +/)).toEqual(['NAME', 'CLASS', 'PLAN', 'STATUS', 'READY', 'AGE']);
    expect(row?.split(/ +/).slice(0, 5)).toEqual([
      'shown',
      'ClusterServiceClass/postgresql',
      'small',
      'Provisioning',
      'False',
    ]);
  });

  it('keeps the order of its conditions', async () => {
    expect(await create(client, instance('ordered'))).toMatchObject({ accepted: true });
    const types = ['Reconciling', 'Stalled', 'Ready', 'Failed'];
    const conditions = types.map((type) => ({
      type,
      status: 'True',
      reason: 'R',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }));
    const patch = JSON.stringify({ status: { conditions } });
    await expectDone(
      cluster,
      'patch',
      'sinst',
      'ordered',
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      patch,
    );
    const stored = await expectDone(
      cluster,
      'get',
      'sinst',
      'ordered',
      '-n',
      namespace,
      '-o',
      'jsonpath={.status.conditions[*].type}',
    );
    expect(stored.split(' ')).toEqual(types);
  });
});
