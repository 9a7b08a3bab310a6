import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  deployments,
  leases,
  mutatingWebhookConfigurations,
  networkPolicies,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  type Resource,
} from '../../kube/resources.ts';
import { unlessNotFound } from './stop-controllers.ts';

type Client = Pick<KubeClient, 'list' | 'delete'>;

const disruptionBudgets: Resource = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};

/** As all manifests of `deploy/` have it. */
const labelSelector = 'app.kubernetes.io/name=bindery';

/** What would refuse Pods while the webhook is away: policies before it, each after its binding. */
const admission: readonly Resource[] = [
  validatingAdmissionPolicyBindings,
  validatingAdmissionPolicies,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
];

/** What `--namespaces` has in each of these. */
const ofRoles = /^bindery-(controller|webhook)$/;

const program: readonly Resource[] = [
  deployments,
  disruptionBudgets,
  services,
  networkPolicies,
  leases,
  secrets,
  roleBindings,
  roles,
  serviceAccounts,
  clusterRoleBindings,
  clusterRoles,
];

export function removeAdmission(
  client: Client,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return removeLabelled(client, admission, namespace, signal);
}

/** The namespace stays, with the id of the cluster and the records of retained services in it. */
export async function removeProgram(
  client: Client,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const removed = await removeLabelled(client, program, namespace, signal);
  await client.delete(leases, { namespace, name: 'bindery-controller' }, { signal }).catch(unlessNotFound);
  return removed;
}

async function removeLabelled(
  client: Client,
  resources: readonly Resource[],
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const resource of resources) {
    const isAnywhere = resource === roles || resource === roleBindings;
    const place = resource.namespaced && !isAnywhere ? { namespace } : {};
    const found = await client.list(resource, { ...place, labelSelector }, { signal }).catch(none);
    for (const { metadata } of found.items) {
      // People may use that label for what is theirs.
      const isOurs = metadata.namespace === undefined || metadata.namespace === namespace;
      if (!(isOurs ? /^bindery(-|$)/ : ofRoles).test(metadata.name)) continue;
      await client.delete(resource, metadata, { signal }).catch(unlessNotFound);
      removed.push(`${resource.kind} ${isOurs ? '' : `${metadata.namespace}/`}${metadata.name}`);
    }
  }
  return removed;
}

/** A server that does not know the kind has none of it. */
function none(error: unknown): { readonly items: readonly never[] } {
  if (isNotFound(error)) return { items: [] };
  throw error;
}
