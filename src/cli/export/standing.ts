import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { printable } from '../../base/printable.ts';

/**
 * What a cluster is to do with an instance or a binding that another one has left.
 * `adopt`: it is at the broker. `ask`: it may be there, or is to be made under the id that it has.
 * `anew`: what may be there under its id is not to be used. `leave-out`: it was going.
 */
export interface Standing {
  readonly way: 'adopt' | 'ask' | 'anew' | 'leave-out';
  /** In use at the broker. */
  readonly id: string | undefined;
  /** What a person should know; no secrets. */
  readonly notes: readonly string[];
}

/** When the CustomResourceDefinition of the kind was deleted, RFC 3339: whatever was deleted since was not meant. */
export type RemovedAt = string | undefined;

type Either = ServiceInstance | ServiceBinding;

export function instanceStanding(instance: ServiceInstance, removedAt: RemovedAt): Standing {
  const { spec, status } = instance;
  const isMade = status?.provisionStatus === 'Provisioned' || Boolean(status?.externalProperties);
  return standing(instance, status?.instanceID || spec.externalID, isMade, removedAt);
}

export function bindingStanding(binding: ServiceBinding, removedAt: RemovedAt): Standing {
  const { spec, status } = binding;
  const replaced = (status?.replacedBindings ?? []).map(
    ({ bindingID }) => `its earlier login "${bindingID}" is not unbound yet, and stays at the broker`,
  );
  const id = status?.bindingID || spec.externalID;
  const { notes, ...rest } = standing(binding, id, Boolean(status?.externalProperties), removedAt);
  return { ...rest, notes: [...notes, ...replaced].map(printable) };
}

function standing(object: Either, id: string | undefined, isMade: boolean, removedAt: RemovedAt): Standing {
  const { deletionTimestamp } = object.metadata;
  if (deletionTimestamp === undefined) return whileItStays(object, id, isMade);
  if (removedAt === undefined || deletionTimestamp < removedAt) {
    const left = `it is being deleted; what is left at the broker has the id "${id ?? ''}"`;
    return { way: 'leave-out', id, notes: [left] };
  }
  const { notes, ...rest } = whileItStays(object, id, isMade);
  return { ...rest, notes: ['it was deleted with its kind, and not by itself', ...notes] };
}

function whileItStays(object: Either, id: string | undefined, isMade: boolean): Standing {
  const { status } = object;
  if (isMade) return { way: 'adopt', id, notes: ofOperation(object) };
  if (status?.orphanMitigationInProgress === true) {
    const left = `what a failed request may have left at the broker under the id "${id ?? ''}" is not taken along: it is made anew`;
    return { way: 'anew', id: undefined, notes: [left] };
  }
  const open = 'it was being made: the broker is asked for it once more, under the same id';
  return { way: 'ask', id, notes: status?.inProgressProperties === undefined ? [] : [open] };
}

function ofOperation({ metadata, status }: Either): readonly string[] {
  const operation = status?.currentOperation;
  if (operation === 'Deprovision' || operation === 'Unbind') {
    return ['its deletion at the broker may have begun: look whether it is still there'];
  }
  if (operation === 'Update')
    return ['it was being changed: the spec may say something else than the broker has'];
  const dealtWith = status?.reconciledGeneration;
  const isBehind =
    dealtWith !== undefined && metadata.generation !== undefined && dealtWith < metadata.generation;
  return isBehind ? ['the last change of its spec has not come to the broker'] : [];
}
