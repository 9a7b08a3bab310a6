import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/credentials.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { mutatingWebhookConfigurations, namespaces } from '../../../src/kube/resources.ts';
import { installRoles } from '../installed-roles.ts';
import type { BenchOptions } from '../measure.ts';
import type { Target } from './https-connection.ts';
import { bindingName, namespace } from './reviews.ts';

export interface ShippedWebhook {
  readonly process: BinderyProcess;
  /** Its Pod hook. */
  readonly target: Target;
}

interface Configuration extends KubeObject {
  readonly webhooks: readonly {
    readonly clientConfig: { readonly url?: string; readonly caBundle?: string };
  }[];
}

/**
 * The webhook as the image and the manifests run it, in a cluster with the namespace and the binding of the reviews.
 * @param cleanUp gets what is to be done when the bench ends
 */
export async function startShippedWebhook(
  options: BenchOptions,
  cleanUp: AsyncDisposableStack,
): Promise<ShippedWebhook> {
  const { plane, start } = await installRoles(options, cleanUp);
  // The webhook is ready once the controller has published what to trust it by.
  const [process, controller] = await Promise.all([start('webhook'), start('controller')]);
  cleanUp.defer(async () => process.stop());
  await controller.stop();
  const client = new KubeClient({ connection: await loadConnection({ kubeconfig: plane.kubeconfig }) });
  cleanUp.defer(async () => client.close());
  await client.create(namespaces, { metadata: { name: namespace } });
  await client.create(serviceBindings, {
    metadata: { namespace, name: bindingName },
    spec: { instanceRef: { name: 'orders' } },
  } as KubeObject);
  const configuration = await client.get<Configuration>(mutatingWebhookConfigurations, { name: 'bindery' });
  const hook = configuration.webhooks.find(({ clientConfig: { url } }) => url?.endsWith('/mutate/pods'));
  const { url = '', caBundle = '' } = hook?.clientConfig ?? {};
  const { port, pathname } = new URL(url);
  return {
    process,
    target: {
      port: Number(port),
      ca: Buffer.from(caBundle, 'base64').toString(),
      path: `${pathname}?timeout=5s`,
      serverName: 'bindery-webhook.bindery-system.svc',
    },
  };
}
