import { findCondition, isConditionTrue, removeCondition, setCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/generated/shared-types.ts';
import { writeStatus, type StatusClient } from '../../control/status-writer.ts';
import type { Store } from '../../control/store.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resources.ts';
import type { InjectedStatement } from './count-pods.ts';

const injected = 'Injected';

/** Something whose conditions tell how Pods have it. */
export interface Told extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly observedGeneration?: number;
    readonly currentOperation?: string;
    readonly orphanMitigationInProgress?: boolean;
  };
}

export function hasInjected({ status }: Told): boolean {
  return findCondition(status?.conditions, injected) !== undefined;
}

/**
 * Nobody else is about to write its status: what happens to the object itself comes first, and must not be decided anew because
 * a Pod has come.
 */
export function isAtRest({ metadata, status }: Told): boolean {
  const { conditions, observedGeneration, currentOperation, orphanMitigationInProgress } = status ?? {};
  return (
    metadata.deletionTimestamp === undefined &&
    observedGeneration === metadata.generation &&
    findCondition(conditions, 'Ready') !== undefined &&
    !isConditionTrue(conditions, 'Reconciling') &&
    !currentOperation &&
    orphanMitigationInProgress !== true
  );
}

/**
 * Brings the condition `Injected` of an object in line with its Pods; without a statement there is none. It says nothing about
 * `Ready`, which stays last. When somebody else was faster, their version comes by the watch, and it is looked again.
 * @param now RFC 3339
 * @throws KubeApiError
 */
export async function writeInjected<T extends Told>(
  client: StatusClient,
  resource: Resource,
  object: T,
  statement: InjectedStatement | undefined,
  now: string,
  store: Pick<Store<T>, 'put'>,
  signal: AbortSignal,
): Promise<void> {
  const { status, metadata } = object;
  const before = status?.conditions ?? [];
  const observedGeneration = metadata.generation ?? 0;
  const conditions =
    statement === undefined
      ? removeCondition(before, injected)
      : setCondition(before, { type: injected, ...statement, observedGeneration }, now);
  if (conditions === before) return;
  try {
    await writeStatus(client, resource, object, { ...status, conditions }, store, signal);
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}
