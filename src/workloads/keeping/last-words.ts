import type { Reclaim } from '../../injection/request-owner.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { scoped } from '../../model/stores.ts';
import type { KeptPod } from '../pod.ts';
import type { Wish } from '../wishes.ts';
import { isOfAnother, type Workload } from '../workload.ts';

type Words = readonly (Reclaim | undefined)[];

/** A change as a store tells it. */
interface Change<T> {
  readonly object: T;
  readonly previous?: T;
  readonly removed: boolean;
}

/**
 * What workloads said of the future of their instances in the last version before they went, as this process has heard it. What
 * is recorded on an instance may be older than that: whoever takes `delete` back and then deletes the workload, while nobody
 * looks, must not lose his data. A process that has begun since has heard nothing.
 */
export class LastWords {
  /** By namespace and name of the instance; undefined for who said nothing. */
  readonly #words = new Map<string, Words>();
  readonly #isThere: (instance: string) => boolean;

  /** @param isThere whether there is such an instance, by `namespace/name`: nobody needs words about another */
  constructor(isThere: (instance: string) => boolean) {
    this.#isThere = isThere;
  }

  /** Of all who went since somebody asked for the instance the last time; undefined when nobody was heard to go. */
  about(instance: KubeObject): Words | undefined {
    return this.#words.get(scoped(instance.metadata.namespace, instance.metadata.name));
  }

  forget({ metadata }: KubeObject): void {
    this.#words.delete(scoped(metadata.namespace, metadata.name));
  }

  hearWorkload({ object, previous, removed }: Change<Workload>): void {
    // A revision keeps what it names; what becomes of that later is for the workload itself to say.
    if (isOfAnother(object)) return;
    // What a list does not show any more is told as it was known, and that may be an older version than the last one.
    if (removed && previous !== object) this.#went(object, object.lastWishes ?? object.kept.list);
    else if (!removed) this.#asks(object, object.kept.list);
  }

  hearPod({ object, previous, removed }: Change<KeptPod>): void {
    if (removed && previous !== object) this.#went(object, object.lastWishes ?? object.asks?.kept.list ?? []);
    else if (!removed) this.#asks(object, object.asks?.kept.list ?? []);
  }

  #went({ metadata: { namespace } }: KubeObject, wishes: readonly Wish[]): void {
    for (const { request, instance, reclaim } of wishes) {
      const key = scoped(namespace, instance);
      if (request !== undefined && this.#isThere(key))
        this.#words.set(key, [...(this.#words.get(key) ?? []), reclaim]);
    }
  }

  #asks({ metadata: { namespace } }: KubeObject, wishes: readonly Wish[]): void {
    for (const { instance } of wishes) this.#words.delete(scoped(namespace, instance));
  }
}
