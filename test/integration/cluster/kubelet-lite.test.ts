import type { ClusterAccess } from '../../cluster/cluster-access.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { kubectlReader } from '../../support/kubelet-lite/kubectl-reader.ts';
import type { PodObject } from '../../support/kubelet-lite/pod-types.ts';
import { resolvePod } from '../../support/kubelet-lite/resolve-pod.ts';
import { waitFor } from '../../support/wait-for.ts';
import { runContainer } from '../../support/kubelet-lite/run-container.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'cart', annotations: { 'example.com/type': 'postgresql' } },
  spec: {
    containers: [
      {
        name: 'app',
        image: 'none.test/app:1',
        command: [
          '/bin/sh',
          '-c',
          'cat "$SERVICE_BINDING_ROOT/db/type" "$SERVICE_BINDING_ROOT/db/uri"; echo " $LOGIN"',
        ],
        env: [
          { name: 'SERVICE_BINDING_ROOT', value: '/bindings' },
          { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'late', key: 'password' } } },
          { name: 'LOGIN', value: '$(MODE):$(PASSWORD)' },
        ],
        envFrom: [{ configMapRef: { name: 'settings' } }],
        volumeMounts: [{ name: 'db', mountPath: '/bindings/db', readOnly: true }],
      },
    ],
    volumes: [
      {
        name: 'db',
        projected: {
          sources: [
            { secret: { name: 'db' } },
            {
              downwardAPI: {
                items: [
                  { path: 'type', fieldRef: { fieldPath: "metadata.annotations['example.com/type']" } },
                ],
              },
            },
          ],
        },
      },
    ],
  },
};

describe('kubelet-lite with a real API server', () => {
  let cluster: ClusterAccess;
  let namespace: string;

  beforeAll(async () => {
    cluster = await sharedControlPlane();
    namespace = await freshNamespace();
  });

  async function kubectl(args: readonly string[], input?: string): Promise<string> {
    const result = await cluster.kubectl([...args, '--namespace', namespace], input);
    expect(result).toMatchObject({ code: 0 });
    return result.stdout;
  }

  it('waits for each Secret in turn and then runs the container with what the API server holds', async () => {
    // In a cluster with ServiceAccount admission a Pod is refused until its account is there.
    const create = ['create', '-n', namespace, '-f', '-'];
    await waitFor(async () => (await cluster.kubectl(create, JSON.stringify(pod))).code === 0);
    const stored = JSON.parse(await kubectl(['get', 'pod', 'cart', '-o', 'json'])) as PodObject;
    const reader = kubectlReader(cluster.kubectl);

    expect(await resolvePod(reader, stored)).toEqual({
      kind: 'waiting',
      reason: 'FailedMount',
      message: 'MountVolume.SetUp failed for volume "db" : secret "db" not found',
    });

    await kubectl([
      'create',
      'secret',
      'generic',
      'db',
      '--from-literal=uri= postgres://db',
      '--from-literal=type=x',
    ]);
    await kubectl(['create', 'configmap', 'settings', '--from-literal=MODE=fast']);
    expect(await resolvePod(reader, stored)).toMatchObject({
      containers: { app: { reason: 'CreateContainerConfigError', message: 'secret "late" not found' } },
    });

    await kubectl(['create', 'secret', 'generic', 'late', '--from-literal=password=pässword']);
    const result = await runContainer(await resolvePod(reader, stored), 'app', { timeoutMs: 20_000 });
    expect(result).toMatchObject({ code: 0, stderr: '', stdout: 'postgresql postgres://db fast:pässword\n' });
  });

  it('does not take a refusal for a missing Secret', async () => {
    const kubeconfig = await cluster.kubeconfigFor('nobody-in-particular');
    const reader = kubectlReader((args) => cluster.kubectl(['--kubeconfig', kubeconfig, ...args]));
    await expect(reader.getSecret(namespace, 'db')).rejects.toThrow('forbidden');
  });
});
