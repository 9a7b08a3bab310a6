import { markOf, requestedName, type WorkloadRef } from '../api/requested-identity.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import { instanceIdentity, loginIdentity } from '../injection/binding.ts';
import type { BindingRequest } from '../injection/request.ts';

/** Names and mark of an object that is made for a workload. */
export interface WishedObject {
  readonly name: string;
  readonly mark: string;
}

/** A service and a login, or only a login, that annotations ask for. */
export interface Wish {
  readonly login: WishedObject;
  /** `request/<class>/<plan>` makes an instance as well; `instance/<i>` is for one that is there. */
  readonly request: (WishedObject & { readonly class: string; readonly plan: string }) | undefined;
  /** Name of the instance that is bound. */
  readonly instance: string;
  /** JSON, or where it is; empty for none. As text: it is looked at only when something is made. */
  readonly parameters: string;
}

export interface Wishes {
  readonly list: readonly Wish[];
  /** False when something is asked for that can not be understood: what that is nobody knows. */
  readonly isComplete: boolean;
}

export const noWishes: Wishes = { list: [], isComplete: true };

/** What annotations of a workload ask to be made. */
export function wishesOf(
  annotations: Readonly<Record<string, string>>,
  namespace: string,
  workload: WorkloadRef,
): Wishes {
  const { requests, problems } = parseAnnotations(annotations);
  return {
    list: requests.flatMap((request) => wishOf(request, namespace, workload) ?? []),
    isComplete: problems.every(({ severity }) => severity === 'warning'),
  };
}

function wishOf(request: BindingRequest, namespace: string, workload: WorkloadRef): Wish | undefined {
  const { source, parameters } = request;
  if (source.kind !== 'request' && source.kind !== 'instance') return undefined;
  const service = source.kind === 'request' ? instanceIdentity(request, source.class, workload) : undefined;
  const instance = source.kind === 'instance' ? source.instance : '';
  const made =
    service === undefined || source.kind !== 'request'
      ? undefined
      : {
          name: requestedName(namespace, service),
          mark: markOf(service),
          class: source.class,
          plan: source.plan,
        };
  const login = loginIdentity(request, made?.name ?? instance, workload);
  return {
    login: { name: requestedName(namespace, login), mark: markOf(login) },
    request: made,
    instance: made?.name ?? instance,
    parameters,
  };
}
