import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';

const selfSubjectReviews: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  namespaced: false,
};

interface SelfSubjectReview extends KubeObject {
  readonly status?: { readonly userInfo?: { readonly username?: string } };
}

/**
 * User name under which the reconcilers write: our own where they run in this process, else that of the controller's
 * ServiceAccount (deploy/rbac).
 */
export async function controllerUser(
  client: KubeClient,
  namespace: string,
  isController: boolean,
  signal: AbortSignal,
): Promise<string> {
  if (!isController) return `system:serviceaccount:${namespace}:bindery-controller`;
  const review: SelfSubjectReview = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    metadata: { name: '' },
  };
  const answer = await client.create<SelfSubjectReview>(selfSubjectReviews, review, { signal });
  return answer.status?.userInfo?.username ?? '';
}
