import { join } from 'node:path';
import type { KubeClient } from '../../../src/kube/client.ts';
import { subjectAccessReviews } from '../../../src/kube/resources.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import { connect, expectDone, root } from './catalog-cluster.ts';
import { startPrivateCluster } from './private-cluster.ts';

let plane: ControlPlane;
let client: KubeClient;

beforeAll(async () => {
  plane = await startPrivateCluster();
  client = await connect(plane.kubeconfig);
  await expectDone(plane, 'apply', '-f', join(root, 'deploy/rbac'));
  await expectDone(plane, 'create', 'namespace', 'team');
  for (const role of ['view', 'edit', 'admin']) {
    const subject = [`--clusterrole=${role}`, `--user=${role}er`];
    await expectDone(plane, 'create', 'rolebinding', role, '-n', 'team', ...subject);
  }
  // The aggregated roles are put together by a controller.
  await waitFor(() => mayDo('adminer', 'create servicebrokers.servicecatalog.k8s.io -n team'));
}, 90_000);

afterAll(async () => {
  await client?.close();
  await plane?.stop();
});

const controller = 'system:serviceaccount:bindery-system:bindery-controller';
const webhook = 'system:serviceaccount:bindery-system:bindery-webhook';

/** @param what as one would ask `kubectl auth can-i`: `verb plural.group/name/subresource -n namespace` */
async function mayDo(user: string, what: string): Promise<boolean> {
  const [verb = '', target = '', , namespace] = what.split(' ');
  const [kind = '', name, subresource] = target.split('/');
  const [resource = '', ...group] = kind.split('.');
  const resourceAttributes = { verb, resource, group: group.join('.'), name, subresource, namespace };
  const spec = { user, groups: ['system:authenticated'], resourceAttributes };
  const review = await client.create<{
    readonly spec: unknown;
    readonly status?: { readonly allowed: boolean };
  }>(subjectAccessReviews, { spec });
  return review.status?.allowed === true;
}

describe('the controller', () => {
  it.each([
    'patch serviceinstances.servicecatalog.k8s.io -n team',
    'patch serviceinstances.servicecatalog.k8s.io//status -n team',
    'update servicebindings.servicecatalog.k8s.io//finalizers -n team',
    'create clusterserviceplans.servicecatalog.k8s.io',
    'delete serviceplans.servicecatalog.k8s.io -n team',
    'patch clusterservicebrokers.servicecatalog.k8s.io//status',
    'create servicebindings.servicecatalog.k8s.io -n team',
    'create secrets -n team',
    'watch deployments.apps -n team',
    'patch deployments.apps -n team',
    'patch pods -n team',
    'delete pods -n team',
    'create events -n team',
    'update leases.coordination.k8s.io/bindery-controller -n bindery-system',
    'create configmaps -n bindery-system',
    'get secrets/bindery-webhook-ca -n bindery-system',
    'patch mutatingwebhookconfigurations.admissionregistration.k8s.io/bindery',
    'get customresourcedefinitions.apiextensions.k8s.io/serviceinstances.servicecatalog.k8s.io',
  ])('may %s', async (what) => {
    expect(await mayDo(controller, what)).toBe(true);
  });

  it.each([
    'delete clusterservicebrokers.servicecatalog.k8s.io',
    'create servicebrokers.servicecatalog.k8s.io -n team',
    'delete deployments.apps -n team',
    'create pods -n team',
    'patch replicasets.apps -n team',
    'patch namespaces/team',
    'update serviceinstances.servicecatalog.k8s.io -n team',
    'deletecollection pods -n team',
    'get pods -n team',
    'create configmaps -n team',
    'update leases.coordination.k8s.io/other -n bindery-system',
    'create subjectaccessreviews.authorization.k8s.io',
    'list validatingwebhookconfigurations.admissionregistration.k8s.io/bindery',
    'get nodes',
    'list customresourcedefinitions.apiextensions.k8s.io',
    'patch customresourcedefinitions.apiextensions.k8s.io/serviceinstances.servicecatalog.k8s.io',
  ])('may not %s', async (what) => {
    expect(await mayDo(controller, what)).toBe(false);
  });
});

describe('the webhook', () => {
  it.each([
    'watch servicebindings.servicecatalog.k8s.io -n team',
    'watch serviceinstances.servicecatalog.k8s.io -n team',
    'list clusterserviceplans.servicecatalog.k8s.io',
    'get serviceinstances.servicecatalog.k8s.io -n team',
    'get configmaps/cluster-info -n bindery-system',
    'list podpresets.settings.servicecatalog.k8s.io -n team',
    'create subjectaccessreviews.authorization.k8s.io',
    'create events -n team',
    'get secrets/bindery-webhook-ca -n bindery-system',
    'update secrets/bindery-webhook-ca -n bindery-system',
  ])('may %s', async (what) => {
    expect(await mayDo(webhook, what)).toBe(true);
  });

  it.each([
    'get secrets/other -n bindery-system',
    'get configmaps/other -n bindery-system',
    'patch configmaps/cluster-info -n bindery-system',
    'create secrets -n team',
    'patch servicebindings.servicecatalog.k8s.io -n team',
    'patch serviceinstances.servicecatalog.k8s.io -n team',
    'list servicebrokers.servicecatalog.k8s.io -n team',
    'patch serviceinstances.servicecatalog.k8s.io//status -n team',
    'list mutatingwebhookconfigurations.admissionregistration.k8s.io',
    'get pods -n team',
  ])('may not %s', async (what) => {
    expect(await mayDo(webhook, what)).toBe(false);
  });
});

describe('people', () => {
  it.each([
    ['viewer', 'list serviceinstances.servicecatalog.k8s.io -n team'],
    ['viewer', 'get clusterserviceclasses.servicecatalog.k8s.io'],
    ['anybody', 'list clusterserviceplans.servicecatalog.k8s.io'],
    ['editer', 'create serviceinstances.servicecatalog.k8s.io -n team'],
    ['editer', 'delete servicebindings.servicecatalog.k8s.io -n team'],
    ['editer', 'update podpresets.settings.servicecatalog.k8s.io -n team'],
    ['adminer', 'create servicebindings.servicecatalog.k8s.io -n team'],
    ['adminer', 'patch serviceplans.servicecatalog.k8s.io -n team'],
  ])('%s may %s', async (user, what) => {
    expect(await mayDo(user, what)).toBe(true);
  });

  it.each([
    ['viewer', 'create serviceinstances.servicecatalog.k8s.io -n team'],
    ['anybody', 'list serviceinstances.servicecatalog.k8s.io -n team'],
    ['anybody', 'create clusterservicebrokers.servicecatalog.k8s.io'],
    ['editer', 'create servicebrokers.servicecatalog.k8s.io -n team'],
    ['editer', 'patch serviceinstances.servicecatalog.k8s.io//status -n team'],
    ['editer', 'create serviceinstances.servicecatalog.k8s.io -n default'],
    ['adminer', 'update serviceinstances.servicecatalog.k8s.io/db/purge -n team'],
    ['adminer', 'create clusterservicebrokers.servicecatalog.k8s.io'],
  ])('%s may not %s', async (user, what) => {
    expect(await mayDo(user, what)).toBe(false);
  });

  it('may be allowed to give up an instance without its broker', async () => {
    const subject = ['--clusterrole=bindery-purge', '--user=purger'];
    await expectDone(plane, 'create', 'rolebinding', 'purge', '-n', 'team', ...subject);
    const purge = 'update serviceinstances.servicecatalog.k8s.io/db/purge -n team';
    expect(await waitFor(() => mayDo('purger', purge))).toBe(true);
  });
});
