import { finalizer, idMadeAnnotation, keptAnnotations, keptLabels } from '../api/group.ts';
import { labelCorrections, type Labels } from '../api/labels.ts';
import { jsonEqual, type JsonObject } from '../base/json.ts';
import {
  idOfAdopted,
  idOfBefore,
  idOfPerson,
  readIdMark,
  writeIdMark,
  type IdMark,
} from '../model/id-mark.ts';
import type { CatalogChange } from './catalog-change.ts';
import { ObjectPatch } from './object-patch.ts';
import type { RequestUser } from './review.ts';

/**
 * Finalizer, and the marks that the controller has to find again. A client that replaces an object with the manifest
 * that it was made from does not know them, so a write that changes the spec can not take them away: a deletion without
 * the finalizer would leave the service at its broker. A write that changes nothing else still can: that is how clients
 * abandon an object.
 */
export function keepMetadata({ request, isCreation, spec, oldSpec, patch, deps }: CatalogChange): void {
  if (isCreation) return patch.append(['metadata', 'finalizers'], finalizer);
  if (deps.isController(request) || jsonEqual(stated(spec), stated(oldSpec))) return;

  const before = new ObjectPatch(request.oldObject ?? {});
  const finalizers = before.value('metadata', 'finalizers');
  const hadFinalizer = Array.isArray(finalizers) && finalizers.includes(finalizer);
  // Nothing that is being deleted can get a new finalizer: the API server would refuse the write.
  const isDeleting = before.value('metadata', 'deletionTimestamp') !== undefined;
  if (hadFinalizer || !isDeleting) patch.append(['metadata', 'finalizers'], finalizer);
  keepEntries('labels', keptLabels, before, patch);
  keepEntries('annotations', keptAnnotations, before, patch);
}

function keepEntries(
  field: 'labels' | 'annotations',
  keys: readonly string[],
  before: ObjectPatch,
  patch: ObjectPatch,
): void {
  for (const key of keys) {
    const path = ['metadata', field, key];
    const old = before.value(...path);
    if (old !== undefined && patch.value(...path) === undefined) patch.set(path, old);
  }
}

/**
 * The id of a new object: the one that it came with, or a new one, and its mark. What a manifest says of that mark, such as
 * one from a backup, is not believed: it says only that the id is of an object of before, and of which cluster that was.
 */
export function setExternalId({ request, spec, patch, deps }: CatalogChange): void {
  const given = spec['externalID'];
  const made = isEmpty(given) ? deps.ids.make(request) : undefined;
  if (made !== undefined) patch.set(['spec', 'externalID'], made.id);
  const path = ['metadata', 'annotations', idMadeAnnotation];
  const mark = made?.mark ?? deps.ids.markOf(given, request);
  const ofGiven = mark === undefined ? markOfGiven(patch.value(...path), deps.ids.cluster()) : undefined;
  if (mark !== undefined) patch.set(path, mark);
  else if (ofGiven !== undefined) patch.set(path, writeIdMark(ofGiven));
}

/** Whoever chooses an id has it here first. Without a mark the controller, which knows the cluster, writes one. */
function markOfGiven(said: unknown, cluster: string | undefined): IdMark | undefined {
  if (said !== undefined) return markOfBefore(readIdMark(said));
  return cluster === undefined ? undefined : { what: idOfPerson, cluster };
}

/** A word that was said to another cluster stays known as that. */
function markOfBefore(mark: IdMark | undefined): IdMark {
  return { ...mark, what: mark?.what === idOfAdopted ? idOfAdopted : idOfBefore };
}

/** Query labels follow from the spec as it will be stored, whatever the client wrote. */
export function setLabels(kind: string, patch: ObjectPatch): void {
  const labels = patch.object('metadata', 'labels') as Labels | undefined;
  const corrections = labelCorrections(kind, patch.object('spec') ?? {}, labels) ?? {};
  for (const [key, value] of Object.entries(corrections)) {
    const path = ['metadata', 'labels', key];
    if (value === null) patch.remove(path);
    else patch.set(path, value);
  }
}

/** A counter that a client leaves out or sends as zero, because it does not know it, keeps its value. */
export function keepCounter(field: string, spec: JsonObject, oldSpec: JsonObject, patch: ObjectPatch): void {
  const old = oldSpec[field];
  if (!spec[field] && typeof old === 'number' && old > 0) patch.set(['spec', field], old);
}

/** Fields that the webhook once filled in, and that a client which replaces the object does not know. */
export function keepFilledIn(
  fields: readonly string[],
  spec: JsonObject,
  oldSpec: JsonObject,
  patch: ObjectPatch,
): void {
  for (const field of fields) {
    const old = oldSpec[field];
    if (isEmpty(spec[field]) && !isEmpty(old)) patch.set(['spec', field], old);
  }
}

export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** The fields of a spec that say something: clients written in Go send null and zero values for what they leave out. */
export function stated(spec: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => !isZero(value)));
}

function isZero(value: unknown): boolean {
  if (isEmpty(value) || value === 0 || value === false) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** `spec.userInfo`: who asked, in the fields that the API has for it. */
export function userInfoOf({ username, uid, groups, extra }: RequestUser): JsonObject {
  return {
    username: username ?? '',
    uid: uid ?? '',
    ...(groups === undefined ? {} : { groups }),
    ...(extra === undefined ? {} : { extra }),
  };
}
