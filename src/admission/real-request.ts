import { deny, type Decision, type Handler } from './decision.ts';
import type { AdmissionRequest, RequestUser } from './review.ts';

/** What is known of the namespaces of the cluster. */
export interface KnownNamespaces {
  /** Whether the watch has told of it. */
  isKnown(name: string): boolean;
  /** Asks the API server: a watch is a moment behind. Undefined when too many are asked for at once. */
  exists(name: string, timeoutMs: number): Promise<boolean | undefined>;
}

/** A label of RFC 1123, as the names of namespaces are. */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const serviceAccount = /^system:serviceaccount:([^:]*):[^:]*$/;

/**
 * A handler that is asked only for what the API server could have sent: by somebody, about an object in a namespace that
 * there is. Whoever else calls, and makes things up, causes no SubjectAccessReview and no Event.
 */
export function forRealRequests(handler: Handler, namespaces: KnownNamespaces): Handler {
  return (request, context) => {
    const { username = '' } = request.user;
    // Who has not logged in is `system:anonymous`.
    if (username === '') return deny(400, 'the review does not say who asks');
    const unknown = namespacesOf(request).filter((name) => !namespaces.isKnown(name));
    if (unknown.length === 0) return handler(request, context);
    return unreal(unknown, namespaces, context.timeoutMs / 2).then((no) => no ?? handler(request, context));
  };
}

/** That of the object, and that of the service account that asks. */
function namespacesOf({ namespace, kind, user }: AdmissionRequest): readonly string[] {
  const account = accountNamespace(user);
  // Only our own kinds of this name are without a namespace.
  const own = namespace === '' && kind.startsWith('Cluster') ? [] : [namespace];
  return account === undefined || account === namespace ? own : [...own, account];
}

function accountNamespace({ username = '' }: RequestUser): string | undefined {
  return username.startsWith('system:serviceaccount:')
    ? (serviceAccount.exec(username)?.[1] ?? '')
    : undefined;
}

async function unreal(
  names: readonly string[],
  namespaces: KnownNamespaces,
  timeoutMs: number,
): Promise<Decision | undefined> {
  for (const name of names) {
    const exists = label.test(name) && (await namespaces.exists(name, timeoutMs));
    if (exists === undefined) return deny(429, 'too many namespaces are new at once: try again');
    if (!exists) return deny(404, 'there is no such namespace');
  }
  return undefined;
}
