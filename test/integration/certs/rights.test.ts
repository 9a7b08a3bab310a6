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

const folder = join(import.meta.dirname, '../../../deploy/rbac');

it('the rights in deploy/rbac are enough for both sides', async () => {
  const cluster = await sharedControlPlane();
  const admin = await realClient(cluster.kubeconfig);
  const namespace = await freshNamespace('rights');
  // The one kind of configuration that is installed.
  const configurations = uniqueConfigurations().slice(0, 1);
  const name = configurations[0]!.name;
  // The same rights under names of our own: roles and configurations have no namespace that could keep tests apart.
  const manifests = await Promise.all(
    ['controller.yaml', 'webhook.yaml'].map((file) => readFile(join(folder, file), 'utf8')),
  );
  const rights = manifests
    .join('\n---\n')
    .replaceAll('bindery-system', namespace)
    .replaceAll(/name: bindery-(webhook|controller)$/gm, `name: ${name}-$1`)
    .replaceAll('resourceNames: [bindery]', `resourceNames: [${name}]`);
  let replica: Replica | undefined;
  const clients: KubeClient[] = [];
  const clientOf = async (role: string): Promise<KubeClient> => {
    const user = await cluster.kubeconfigFor(`system:serviceaccount:${namespace}:${name}-${role}`);
    const client = await realClient(user);
    clients.push(client);
    return client;
  };
  try {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], rights);
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    for (const ref of configurations) await admin.create(ref.resource, idleConfiguration(ref));

    const client = await clientOf('webhook');
    const controllerClient = await clientOf('controller');
    replica = new Replica({ client, controllerClient, namespace, configurations, times: defaultRotation });
    await waitFor(() => replica?.isPublished(), { describe: () => replica?.lines.join('\n') ?? '' });
    for (const ref of configurations) {
      expect(await publishedBundles(admin, ref)).toEqual([replica.serving.bundle, replica.serving.bundle]);
    }
    // Nothing was refused on the way.
    expect(replica.lines.filter((line) => line.includes('forbidden'))).toEqual([]);
  } finally {
    await replica?.stop();
    for (const client of clients) await client.close();
    await removeConfigurations(admin, configurations);
    await cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], rights);
    await admin.close();
  }
});

it.each([
  ['client-side apply', ['apply']],
  ['server-side apply', ['apply', '--server-side', '--force-conflicts', '--field-manager=bindery-install']],
  ['replace', ['replace']],
])('the manifests applied anew by %s leave the authority as it is', async (_title, command) => {
  const cluster = await sharedControlPlane();
  const client = await realClient(cluster.kubeconfig);
  const namespace = await freshNamespace('again');
  const manifest = (await readFile(join(folder, 'webhook.yaml'), 'utf8'))
    .split('\n---\n')
    .filter((document) => document.includes('kind: Secret'))
    .join('')
    .replaceAll('bindery-system', namespace);
  let replica: Replica | undefined;
  try {
    const apply = async (args: readonly string[]): Promise<void> => {
      const { code, stderr } = await cluster.kubectl([...args, '-f', '-'], manifest);
      expect(`${code} ${stderr}`).toMatch(/^0 /);
    };
    await apply(command[0] === 'replace' ? ['apply'] : command);
    replica = new Replica({ client, namespace, configurations: [], times: defaultRotation });
    await waitFor(() => replica?.isPublished());
    const { bundle } = replica.serving;
    await apply(command);
    // What replaces the whole object takes the data as well; the webhook has it in memory.
    await waitFor(async () => {
      const { data } = await client.get<KubeObject & { data?: Record<string, string> }>(secrets, {
        namespace,
        name: caSecretName,
      });
      return Buffer.from(data?.['ca.crt'] ?? '', 'base64').toString() === bundle && data?.['published'];
    });
    expect(replica.serving.bundle).toBe(bundle);
    expect(replica.serving.isTrusted()).toBe(true);
  } finally {
    await replica?.stop();
    await client.close();
  }
});
