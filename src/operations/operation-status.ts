import type { Condition } from '../api/generated/shared-types.ts';
import { originatingIdentity, type UserInfo } from '../brokers/originating-identity.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { OriginatingIdentity } from '../osb/types.ts';

/** A ServiceInstance or a ServiceBinding, as far as any operation at a broker looks at it. */
export interface BrokeredObject extends KubeObject {
  readonly spec: { readonly userInfo?: UserInfo; readonly externalID?: string };
  readonly status?: OperationStatus & {
    /** The id in use at the broker, of an instance or a binding; absent while it is that of the spec. */
    readonly instanceID?: string;
    readonly bindingID?: string;
    /** Of the spec that has been dealt with. */
    readonly reconciledGeneration?: number;
    /** What the broker has confirmed. */
    readonly externalProperties?: object | null;
    /** Whether a DELETE is needed before the object may go, of an instance or a binding. */
    readonly deprovisionStatus?: string;
    readonly unbindStatus?: string;
  };
}

/** What a request asks for, as far as another one under the same id may not ask for something else. */
export interface AskedFor {
  readonly instanceID?: string;
  readonly serviceID?: string;
  readonly planID?: string;
  readonly parameterChecksum?: string;
}

/** The fields that record an operation: decided on before it is sent, so that no crash can lose or double it. */
export interface OperationStatus<Operation extends string = string> {
  readonly conditions?: readonly Condition[];
  readonly observedGeneration?: number;
  readonly currentOperation?: '' | Operation;
  readonly operationStartTime?: string | null;
  readonly operationDeadline?: string | null;
  readonly asyncOpInProgress?: boolean;
  readonly lastOperation?: string | null;
  readonly lastOperationDescription?: string;
  readonly orphanMitigationInProgress?: boolean;
  /** What was asked for, as long as the broker may have it and has not confirmed it. */
  readonly inProgressProperties?: AskedFor;
  /** The first answer to what is on record was 200: it was there before. */
  readonly existedBefore?: boolean;
  readonly attempts?: number;
  readonly nextAttemptTime?: string | null;
  readonly lastHandledSyncRequest?: string;
}

/** Fields of a status; `undefined` removes one. */
export type ChangesOf<S> = { readonly [K in keyof S]?: S[K] | undefined };

/** An asynchronous operation is not followed any more. Its text stays: the broker may still be at it. */
const pollingEnded = {
  asyncOpInProgress: false,
  lastOperationDescription: undefined,
  operationDeadline: undefined,
} as const;

/** As `operationEnded`, but `inProgressProperties` stay: whatever comes next begins with a DELETE. */
export const leftOnRecord = { ...pollingEnded, currentOperation: '', operationStartTime: undefined } as const;

/** Nothing is in flight any more, and nothing is on record as asked for. */
export const operationEnded = {
  ...leftOnRecord,
  lastOperation: undefined,
  inProgressProperties: undefined,
  existedBefore: undefined,
} as const;

export const attemptsEnded = { attempts: undefined, nextAttemptTime: undefined } as const;

/** The changes for a DELETE that will be sent again. */
export function deletionRetried({ attempts, nextAttemptTime }: NextAttempt) {
  return { ...pollingEnded, attempts, nextAttemptTime } as const;
}

/** Keeps `inProgressProperties`: the DELETE needs the plan, and the record says that something may be there. */
export function mitigationStarted<Operation extends string>(
  currentOperation: Operation,
  attempts: number | undefined,
) {
  const orphanMitigationInProgress = true;
  return {
    ...pollingEnded,
    orphanMitigationInProgress,
    currentOperation,
    nextAttemptTime: undefined,
    attempts,
  } as const;
}

/** Something may exist at the broker: a request was sent, or was about to be when the process died. */
export function isOnRecord(object: BrokeredObject): boolean {
  const { status } = object;
  return (
    Boolean(status?.orphanMitigationInProgress) ||
    isUnconfirmed(object) ||
    Boolean(status?.externalProperties) ||
    // The original Service Catalog wrote so when it gave a deletion up, and kept nothing else of a clean-up.
    neededDeletion(object) === 'Failed'
  );
}

/**
 * The broker may have what was asked for and is not confirmed. The original Service Catalog left that standing after a clean
 * refusal as well, and noted that nothing has to be deleted: what there is under the id may be somebody else's.
 */
export function isUnconfirmed(object: BrokeredObject): boolean {
  return Boolean(object.status?.inProgressProperties) && neededDeletion(object) !== 'NotRequired';
}

function neededDeletion({ status }: BrokeredObject): string | undefined {
  return status?.deprovisionStatus ?? status?.unbindStatus;
}

/**
 * The broker may still be at an operation of ours that nobody polls: what was asked for is not confirmed, or an earlier DELETE
 * has come to nothing.
 */
export function mayBePending(object: BrokeredObject): boolean {
  return isUnconfirmed(object) || (object.status?.attempts ?? 0) > 0;
}

/** Deleting the object takes over from orphan mitigation: one DELETE serves both. */
export function isMitigating({ metadata, status }: BrokeredObject): boolean {
  return metadata.deletionTimestamp === undefined && status?.orphanMitigationInProgress === true;
}

/** Whose wish a request is. Nobody asked for orphan mitigation (OSB, Originating Identity). */
export function askedBy(object: BrokeredObject): OriginatingIdentity | undefined {
  return isMitigating(object) ? undefined : originatingIdentity(object.spec.userInfo);
}

/** What the broker is doing with the object is deleting it, for whatever reason. */
export function isDeletion({ status }: BrokeredObject, deletion: string): boolean {
  return status?.orphanMitigationInProgress === true || status?.currentOperation === deletion;
}

/** The object is to be deleted while the broker is still making or changing it. */
export function isInterrupting(object: BrokeredObject, deletion: string): boolean {
  const { metadata, status } = object;
  const isWorking = status?.asyncOpInProgress === true && !isDeletion(object, deletion);
  return metadata.deletionTimestamp !== undefined && isWorking;
}
