import { randomBytes } from 'node:crypto';
import type { WebhookConfigurationRef } from '../../../src/certs/ca-bundle.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from '../../../src/kube/resources.ts';

export interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly {
    readonly name: string;
    readonly failurePolicy?: string;
    readonly clientConfig: { readonly url?: string; readonly caBundle?: string };
  }[];
}

/** A mutating and a validating configuration, under a name that no other test has. */
export function uniqueConfigurations(): readonly WebhookConfigurationRef[] {
  const name = `certs-${randomBytes(5).toString('hex')}`;
  return [
    { resource: mutatingWebhookConfigurations, name },
    { resource: validatingWebhookConfigurations, name },
  ];
}

/** Two entries that no request matches: they are there to carry a caBundle. */
export function idleConfiguration({ name }: WebhookConfigurationRef): WebhookConfiguration {
  const entry = (label: string): WebhookConfiguration['webhooks'][number] => ({
    name: `${label}.certs.example`,
    clientConfig: { url: 'https://127.0.0.1:1/never' },
    failurePolicy: 'Ignore',
    ...ruleFor('nothing.certs.example', 'nothings'),
  });
  return { metadata: { name }, webhooks: [entry('first'), entry('second')] };
}

/** Every new ConfigMap of the namespace has to be let in by the webhook at the URL. */
export function configMapConfiguration(
  { name }: WebhookConfigurationRef,
  namespace: string,
  url: string,
): WebhookConfiguration {
  const entry = {
    name: 'configmaps.certs.example',
    clientConfig: { url },
    failurePolicy: 'Fail',
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    ...ruleFor('', 'configmaps'),
  };
  return { metadata: { name }, webhooks: [entry] };
}

function ruleFor(group: string, resource: string): object {
  return {
    rules: [{ apiGroups: [group], apiVersions: ['*'], resources: [resource], operations: ['CREATE'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 5,
  };
}

/** The bundle of every entry, PEM; empty where there is none. */
export async function publishedBundles(
  client: KubeClient,
  { resource, name }: WebhookConfigurationRef,
): Promise<readonly string[]> {
  const { webhooks } = await client.get<WebhookConfiguration>(resource, { name });
  return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
}

export async function removeConfigurations(
  client: KubeClient,
  configurations: readonly WebhookConfigurationRef[],
): Promise<void> {
  await Promise.allSettled(configurations.map(({ resource, name }) => client.delete(resource, { name })));
}
