import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('the cluster that all integration tests share', () => {
  it('gives each caller a namespace of its own', async () => {
    const cluster = await sharedControlPlane();
    const [first, second] = await Promise.all([freshNamespace(), freshNamespace('other')]);
    expect(first).toMatch(/^test-[0-9a-f]{10}$/);
    expect(second).toMatch(/^other-[0-9a-f]{10}$/);
    const created = await cluster.kubectl(['create', 'secret', 'generic', 'database', '-n', first]);
    expect(created).toMatchObject({ code: 0 });
    const elsewhere = await cluster.kubectl(['get', 'secrets', '-n', second, '-o', 'name']);
    expect(elsewhere).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('knows other users, who may do less', async () => {
    const cluster = await sharedControlPlane();
    const namespace = await freshNamespace();
    const kubeconfig = await cluster.kubeconfigFor('tenant', ['tenants']);
    const question = ['--kubeconfig', kubeconfig, 'auth', 'can-i', 'create', 'pods', '-n', namespace];
    expect((await cluster.kubectl(question)).stdout).toBe('no\n');
    await cluster.kubectl([
      'create',
      'rolebinding',
      'tenants',
      '-n',
      namespace,
      '--clusterrole=edit',
      '--group=tenants',
    ]);
    await waitFor(async () => (await cluster.kubectl(question)).stdout === 'yes\n');
  });
});
