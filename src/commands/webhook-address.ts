import { isNotFound } from '../kube/errors.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';

interface ClientConfig {
  readonly service?: { readonly path?: string };
  readonly url?: string;
}

export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: ClientConfig }[];
}

/**
 * Has the webhooks that exist called by URL instead of by Service, or the other way round, as the manifest says.
 * An apply can not: the field of before belongs to whoever applied it, would stay, and a webhook has exactly one of the
 * two. One request for all of them, so that there is no moment without a valid address; caBundle stays.
 * @throws KubeApiError, also when the webhooks were moved since they were read
 */
export async function changeAddress(
  client: KubeClient,
  resource: Resource,
  wanted: WebhookConfiguration,
  options: { readonly fieldManager: string; readonly signal: AbortSignal },
): Promise<void> {
  const { name } = wanted.metadata;
  const found = await find(client, resource, name, options.signal);
  const patch = addressPatch(found, wanted);
  if (patch.length > 0) await client.patch(resource, { name }, patch, { type: 'json', ...options });
}

async function find(
  client: KubeClient,
  resource: Resource,
  name: string,
  signal: AbortSignal,
): Promise<WebhookConfiguration | undefined> {
  try {
    return await client.get<WebhookConfiguration>(resource, { name }, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** JSON patch; the test of the name fails when entries were moved meanwhile. */
function addressPatch(
  found: WebhookConfiguration | undefined,
  wanted: WebhookConfiguration,
): readonly object[] {
  return (found?.webhooks ?? []).flatMap(({ name, clientConfig }, index) => {
    const next = wanted.webhooks?.find((webhook) => webhook.name === name)?.clientConfig;
    if (next === undefined || formOf(next) === formOf(clientConfig)) return [];
    const path = `/webhooks/${index}`;
    return [
      { op: 'test', path: `${path}/name`, value: name },
      { op: 'remove', path: `${path}/clientConfig/${formOf(clientConfig)}` },
      { op: 'add', path: `${path}/clientConfig/${formOf(next)}`, value: next[formOf(next)] },
    ];
  });
}

function formOf({ url }: ClientConfig): 'service' | 'url' {
  return url === undefined ? 'service' : 'url';
}
