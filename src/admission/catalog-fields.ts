import type { JsonObject } from '../base/json.ts';
import type { ObjectPatch } from './object-patch.ts';
import type { RequestUser } from './review.ts';

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

/** `spec.userInfo`: who asked, in the fields that the API has for it. */
export function userInfoOf({ username, uid, groups, extra }: RequestUser): JsonObject {
  return {
    username: username ?? '',
    uid: uid ?? '',
    ...(groups === undefined ? {} : { groups }),
    ...(extra === undefined ? {} : { extra }),
  };
}
