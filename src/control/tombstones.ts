import type { KubeObject } from '../kube/objects.ts';
import { compareResourceVersions } from '../kube/resource-version.ts';

/** Deletions outlive the slowest answer of a write by far; older ones are forgotten. */
const maxRemembered = 1024;

/**
 * Remembers what was removed lately, so that a write's answer that arrives after the deletion does not bring
 * the object back. Keyed by uid; an object that left a selector and comes back has a newer version and may.
 */
export class Tombstones {
  readonly #versions = new Map<string, string>();

  add(uid: string | undefined, resourceVersion: string | undefined): void {
    if (uid === undefined || resourceVersion === undefined) return;
    this.#versions.delete(uid);
    this.#versions.set(uid, resourceVersion);
    if (this.#versions.size <= maxRemembered) return;
    for (const oldest of this.#versions.keys()) {
      this.#versions.delete(oldest);
      return;
    }
  }

  /** True for a state of the object from before its removal. */
  covers(object: KubeObject): boolean {
    const { uid, resourceVersion } = object.metadata;
    const removedAt = uid === undefined ? undefined : this.#versions.get(uid);
    if (removedAt === undefined) return false;
    const order = compareResourceVersions(resourceVersion, removedAt);
    return order !== undefined && order <= 0;
  }

  clear(): void {
    this.#versions.clear();
  }
}
