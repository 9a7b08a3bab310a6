import { group } from '../api/group.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { localSubjectAccessReviews, subjectAccessReviews } from '../kube/resources.ts';
import type { RequestUser } from './review.ts';

/** A question to the API server's authorizer: may this user do that? */
export interface AccessCheck {
  readonly user: RequestUser;
  readonly namespace: string;
  readonly verb: string;
  /** API group; empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Empty for any object. */
  readonly name: string;
}

/** Rejects when the API server does not answer in time. */
export type Authorize = (check: AccessCheck, timeoutMs: number) => Promise<boolean>;

interface SubjectAccessReview extends KubeObject {
  readonly spec: unknown;
  readonly status?: { readonly allowed?: boolean };
}

/**
 * Asks with a SubjectAccessReview, in the name of the user: a local one where the client is limited to namespaces. Nothing is
 * cached: rights can be taken away.
 */
export function createAuthorize(
  client: Pick<KubeClient, 'create'> & Partial<Pick<KubeClient, 'namespaces'>>,
  signal: AbortSignal,
): Authorize {
  const isLocal = client.namespaces !== undefined;
  const resource = isLocal ? localSubjectAccessReviews : subjectAccessReviews;
  return async (check, timeoutMs) => {
    const { username, uid, groups, extra } = check.user;
    const { namespace, verb, subresource, name } = check;
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: resource.kind,
      metadata: isLocal ? { name: '', namespace } : { name: '' },
      spec: {
        user: username,
        uid,
        groups,
        extra,
        resourceAttributes: {
          namespace,
          verb,
          group: check.group,
          resource: check.resource,
          subresource,
          name,
        },
      },
    };
    const answer = await client.create(resource, review, { signal, timeoutMs });
    return answer.status?.allowed === true;
  };
}

/** May this user do that with whatever object of one of our kinds here? */
export function mayOnAny(user: RequestUser, namespace: string, verb: string, resource: string): AccessCheck {
  return { user, namespace, verb, group, resource, name: '' };
}

/** May this user read this object of one of our kinds? */
export function mayGet(user: RequestUser, namespace: string, resource: string, name: string): AccessCheck {
  return { user, namespace, verb: 'get', group, resource, name };
}

/** May this user have this object of one of our kinds let go without its broker? */
export function mayPurge(user: RequestUser, namespace: string, resource: string, name: string): AccessCheck {
  return { user, namespace, verb: 'update', group, resource, subresource: 'purge', name };
}

/** May this user read this Secret? */
export function mayReadSecret(user: RequestUser, namespace: string, name: string): AccessCheck {
  return { user, namespace, verb: 'get', group: '', resource: 'secrets', name };
}
