import { load as parseYaml } from 'js-yaml';
import type { Logger } from '../base/logger.ts';
import { sleep } from '../base/abort.ts';
import { namespacedManifests } from './namespaced-manifests.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import {
  apiVersionOf,
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  namespaces,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  type Resource,
} from '../kube/resources.ts';
import { changeAddress, type WebhookConfiguration } from './webhook-address.ts';

export interface InstallDeps {
  readonly client: KubeClient;
  readonly logger: Logger;
  /** YAML texts, each of one or more documents. */
  readonly manifests: readonly string[];
  /** When given, webhooks are registered by this URL instead of by Service. */
  readonly webhookUrl?: URL | undefined;
  /** Bindery's own namespace, in place of the manifests' `bindery-system`. */
  readonly namespace: string;
  /** Rights, webhooks and policies for these namespaces alone; undefined for all. */
  readonly namespaces?: readonly string[] | undefined;
}

export interface AppliedObject {
  readonly resource: Resource;
  readonly name: string;
}

/** Every kind that a manifest may hold. */
const installable: readonly Resource[] = [
  namespaces,
  customResourceDefinitions,
  serviceAccounts,
  clusterRoles,
  clusterRoleBindings,
  roles,
  roleBindings,
  secrets,
  services,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
];

const fieldManager = 'bindery-install';
export const manifestNamespace = 'bindery-system';
const establishTimeoutMs = 60_000;

/**
 * Applies CRDs, RBAC and webhook configurations by server-side apply: run it again at any time, and to upgrade.
 * CRDs come first and are Established before it returns, so that watches of these kinds work at once.
 * @throws KubeApiError, or Error when a manifest can not be understood
 */
export async function install(deps: InstallDeps, signal: AbortSignal): Promise<readonly AppliedObject[]> {
  await assertOnly(deps, signal);
  const objects = objectsOf(deps.manifests, deps.namespaces)
    .map((object) => prepare(object, deps))
    .toSorted((left, right) => order(left) - order(right));
  const applied: AppliedObject[] = [];
  for (const object of objects) applied.push(await apply(deps, object, signal));
  for (const { resource, name } of applied) {
    if (resource.kind === customResourceDefinitions.kind) await established(deps.client, name, signal);
  }
  deps.logger.info({ objects: applied.length }, 'installed');
  return applied;
}

/** What the manifests hold, as they are for these namespaces. */
export function objectsOf(
  manifests: readonly string[],
  namespaces: readonly string[] | undefined,
): readonly KubeObject[] {
  const objects = manifests.flatMap(splitDocuments);
  return namespaces === undefined
    ? objects
    : namespacedManifests(objects, { namespaces, own: manifestNamespace });
}

/** Webhooks, policies and ClusterRoles have one name in a cluster: a second installation would take them from the first. */
async function assertOnly(
  { client, namespace, namespaces: served }: InstallDeps,
  signal: AbortSignal,
): Promise<void> {
  if (served === undefined) return;
  const name = 'bindery-controller';
  const query = { fieldSelector: `metadata.name=${name}` };
  const { items } = await client.list<Bound>(clusterRoleBindings, query, { signal });
  const other = items
    .flatMap(({ subjects = [] }) => subjects)
    .find((subject) => subject.namespace !== namespace);
  if (other === undefined) return;
  throw new Error(
    `Bindery is installed in namespace "${other.namespace}" already, and a cluster can have one installation: add to the ` +
      '--namespaces of that one, or remove it first (bindery uninstall)',
  );
}

interface Bound extends KubeObject {
  readonly subjects?: readonly { readonly namespace?: string }[];
}

/** What a manifest file holds, document by document. */
function splitDocuments(text: string): readonly KubeObject[] {
  return text
    .split(/^---\s*$/m)
    .map((document) => parseYaml(document) as KubeObject | null | undefined)
    .filter((object) => object !== null && object !== undefined);
}

async function apply(deps: InstallDeps, object: KubeObject, signal: AbortSignal): Promise<AppliedObject> {
  const resource = resourceOf(object);
  const { name, namespace } = object.metadata;
  if (resource.kind === mutatingWebhookConfigurations.kind) {
    await changeAddress(deps.client, resource, object, { fieldManager, signal });
  }
  await deps.client.patch(resource, namespace === undefined ? { name } : { namespace, name }, object, {
    type: 'apply',
    fieldManager,
    force: true,
    signal,
  });
  deps.logger.debug({ kind: resource.kind, name }, 'applied');
  return { resource, name };
}

function resourceOf(object: KubeObject): Resource {
  const resource = installable.find(
    (candidate) => candidate.kind === object.kind && apiVersionOf(candidate) === object.apiVersion,
  );
  if (resource === undefined) {
    throw new Error(`The manifests hold a ${object.apiVersion} ${object.kind}, which install does not know.`);
  }
  return resource;
}

/** Namespace before what is in it, kinds before objects of them. */
function order({ kind }: KubeObject): number {
  if (kind === 'Namespace') return 0;
  return kind === customResourceDefinitions.kind ? 1 : 2;
}

/** The manifest as this cluster needs it: another namespace, webhooks by URL. */
function prepare(object: KubeObject, deps: InstallDeps): KubeObject {
  const moved = deps.namespace === manifestNamespace ? object : inNamespace(object, deps.namespace);
  return deps.webhookUrl === undefined ? moved : byUrl(moved, deps.webhookUrl);
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  const text = JSON.stringify(object).replaceAll(`"${manifestNamespace}"`, JSON.stringify(namespace));
  return JSON.parse(text) as KubeObject;
}

function byUrl(object: WebhookConfiguration, url: URL): KubeObject {
  if (object.webhooks === undefined) return object;
  const webhooks = object.webhooks.map((webhook) => ({
    ...webhook,
    clientConfig: { url: new URL(webhook.clientConfig.service?.path ?? '/', url).href },
  }));
  return { ...object, webhooks } as KubeObject;
}

interface Crd extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function established(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(establishTimeoutMs)]);
  for (;;) {
    const crd = await client.get<Crd>(customResourceDefinitions, { name }, { signal: deadline });
    if (crd.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True'))
      return;
    await sleep(100, deadline);
    deadline.throwIfAborted();
  }
}

/** The namespace of the manifests, before anything in it. */
export async function ensureNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await client.patch(namespaces, { name }, namespace, { type: 'apply', fieldManager, force: true, signal });
}
