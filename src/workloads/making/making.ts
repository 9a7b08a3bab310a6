import type { KubeObject } from '../../kube/objects.ts';
import {
  isAlreadyExists,
  isApiError,
  isConflict,
  isNamespaceTerminating,
  isNotFound,
} from '../../kube/errors.ts';
import type { Resource } from '../../kube/resources.ts';
import { readAnew } from '../../control/read-anew.ts';
import type { Store } from '../../control/store.ts';
import { workloadName } from './agreement.ts';
import type { RecordPace } from './record-pace.ts';
import type { RequestPace } from './request-pace.ts';
import type { Ask, Wanted } from './wanted-services.ts';
import type { WorkloadDeps } from '../workload-deps.ts';

/** What is remembered from one look to the next. */
export interface MakingMemory {
  readonly pace: RequestPace;
  readonly records: RecordPace;
  /** Specs that have been compared with a wish, by service. */
  readonly compared: Map<string, string>;
  /** The services that are being made at this moment, in whatever namespace. */
  readonly underWay: Set<string>;
}

/** What making something needs, for the workloads that ask for one service. */
export interface Making extends WorkloadDeps, MakingMemory {
  /** Logins at it that are asked for, by name. */
  readonly asked: ReadonlyMap<string, Wanted>;
  /** `namespace/name` of the instance. */
  readonly service: string;
  readonly instance: string;
  readonly namespace: string;
  /** Mark of this cluster in records of ids. */
  readonly cluster: string;
  readonly signal: AbortSignal;
}

/** What became of the wish for an object. */
export interface Outcome<T> {
  /** It is there, for whoever asks. */
  readonly object?: T;
  /** What was done for it just now. */
  readonly requested?: string;
  /** What was there before and is another one now: it is told with that. */
  readonly left?: string | undefined;
  /** Why nothing is made or changed, for each who asks. */
  readonly blocked?: (ask: Ask) => string;
  /** It was tried just now. */
  readonly isRefusal?: boolean;
  /** Nothing can be said before the next look. */
  readonly isWaiting?: boolean;
  readonly againMs?: number;
}

/** After a write that somebody else was faster with. */
const soonMs = 50;

/** One who asks and of whom it is known who that is; the same one each time. */
export function spokesman({ asks }: Wanted): Ask | undefined {
  return asks
    .filter(({ workload }) => workload.requestedBy !== undefined)
    .toSorted((left, right) => (workloadName(left) < workloadName(right) ? -1 : 1))[0];
}

/** @param what differs when another attempt is worth while at once, because something else is asked for */
export async function tryWrite<T extends KubeObject>(
  making: Making,
  resource: Resource,
  { namespace = '', name }: KubeObject['metadata'],
  store: Pick<Store<T>, 'get' | 'put' | 'remove'>,
  attempt: { readonly what: string; readonly verb: string; readonly hint?: (message: string) => string },
  write: () => Promise<T | undefined>,
): Promise<Outcome<T>> {
  const { pace, client, signal, service } = making;
  const waitMs = pace.waitMs(service, name, attempt.what);
  if (waitMs > 0) return { isWaiting: true, againMs: waitMs };
  try {
    const object = await write();
    pace.succeeded(service, name);
    if (object === undefined) return { isWaiting: true };
    store.put(object);
    return { object };
  } catch (error) {
    if (isNamespaceTerminating(error)) return { isWaiting: true };
    if (isAlreadyExists(error) || isConflict(error) || isNotFound(error)) {
      await readAnew(client, resource, { metadata: { namespace, name } } as T, store, signal);
      return { isWaiting: true, againMs: soonMs };
    }
    if (!isApiError(error)) throw error;
    const againMs = pace.failed(service, name, attempt.what, error.retryAfterMs);
    const { verb, hint } = attempt;
    const message = `${resource.kind} "${name}" can not be ${verb}; it is tried again: ${error.message}${hint?.(error.message) ?? ''}`;
    return { blocked: () => message, isRefusal: true, againMs };
  }
}
