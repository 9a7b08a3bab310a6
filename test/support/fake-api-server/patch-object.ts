import jsonPatch from 'fast-json-patch';
import { ApiFailure } from './api-failure.ts';
import type { StoredObject } from './stored-object.ts';

/** Applies a patch of the given content type to a copy. Strategic and apply patches are merged like JSON here. */
export function patchObject(object: StoredObject, patch: unknown, contentType: string): StoredObject {
  if (contentType === 'application/json-patch+json') {
    try {
      return jsonPatch.applyPatch(structuredClone(object), patch as never, true).newDocument;
    } catch (error) {
      throw new ApiFailure(422, 'Invalid', `the patch can not be applied: ${(error as Error).name}`);
    }
  }
  const isKnown = /^application\/(merge-patch|strategic-merge-patch|apply-patch)\+(json|yaml)$/.test(
    contentType,
  );
  if (!isKnown) throw new ApiFailure(415, 'UnsupportedMediaType', `unsupported: ${contentType}`);
  return merge(object, patch) as StoredObject;
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isRecord = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isRecord ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
