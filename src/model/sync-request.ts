import { syncRequestedAtAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

interface SyncedObject extends Pick<KubeObject, 'metadata'> {
  readonly status?: { readonly lastHandledSyncRequest?: string | undefined };
}

/** So many characters of a value count. */
const maxLength = 64;

/** What somebody has written to have the object looked at now, where that was not done; undefined when it was. */
export function syncRequestOf({ metadata, status }: SyncedObject): string | undefined {
  const request = metadata.annotations?.[syncRequestedAtAnnotation]?.slice(0, maxLength);
  return !request || request === status?.lastHandledSyncRequest ? undefined : request;
}
