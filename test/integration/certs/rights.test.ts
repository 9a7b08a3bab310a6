import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultRotation } from '../../../src/certs/rotation.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { realClient } from '../kube/real-client.ts';
import { caSecretName, Replica } from './replica.ts';
import {
  idleConfiguration,
  publishedBundles,
  removeConfigurations,
  uniqueConfigurations,
} from './webhook-configuration.ts';

const manifest = join(import.meta.dirname, '../../../deploy/rbac/webhook.yaml');

it('the rights in deploy/rbac are enough, and reach no other Secret', async () => {
  const cluster = await sharedControlPlane();
  const admin = await realClient(cluster.kubeconfig);
  const namespace = await freshNamespace('rights');
  // The one kind of configuration that is installed.
  const configurations = uniqueConfigurations().slice(0, 1);
  const name = configurations[0]!.name;
  // The same rights under names of our own: roles and configurations have no namespace that could keep tests apart.
  const rights = (await readFile(manifest, 'utf8'))
    .replaceAll('bindery-system', namespace)
    .replaceAll('name: bindery-webhook', `name: ${name}`)
    .replaceAll('resourceNames: [bindery]', `resourceNames: [${name}]`);
  let replica: Replica | undefined;
  let client: KubeClient | undefined;
  try {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], rights);
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    for (const ref of configurations) await admin.create(ref.resource, idleConfiguration(ref));

    const user = await cluster.kubeconfigFor(`system:serviceaccount:${namespace}:${name}`);
    client = await realClient(user);
    replica = new Replica({ client, namespace, configurations, times: defaultRotation });
    await waitFor(() => replica?.isPublished(), { describe: () => replica?.lines.join('\n') ?? '' });
    for (const ref of configurations) {
      expect(await publishedBundles(admin, ref)).toEqual([replica.serving.bundle, replica.serving.bundle]);
    }
    await expect(client.get<KubeObject>(secrets, { namespace, name: 'another' })).rejects.toMatchObject({
      status: 403,
    });
    await expect(client.list(secrets, { namespace })).rejects.toMatchObject({ status: 403 });
    expect((await client.get<KubeObject>(secrets, { namespace, name: caSecretName })).metadata.name).toBe(
      caSecretName,
    );
    // Nothing was refused on the way.
    expect(replica.lines.filter((line) => line.includes('forbidden'))).toEqual([]);
  } finally {
    await replica?.stop();
    await client?.close();
    await removeConfigurations(admin, configurations);
    await cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], rights);
    await admin.close();
  }
});
