import { findCondition } from '../api/conditions.ts';
import { isSameBroker, type BrokerRef } from '../brokers/broker-ref.ts';
import { findBroker } from '../brokers/find-broker.ts';
import { LiveList } from '../control/live-list.ts';
import type { Store } from '../control/store.ts';
import { idKey, type Stores } from '../model/stores.ts';
import type { Verdict } from '../model/verdict.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Resource } from '../kube/resources.ts';
import type { BrokeredObject } from './operation-status.ts';

/** What `HeldIds` has to know of a kind. */
export interface HoldingKind<O extends BrokeredObject> {
  /** The id in use at the broker. */
  readonly idOf: (object: O) => string;
  /** Something of it may exist there. */
  readonly mayBeAtBroker: (object: O) => boolean;
  readonly reach: (object: O, stores: Stores) => { readonly broker: BrokerRef } | undefined;
}

/** Soon enough to be told whose the id is; milliseconds. */
export const idPauseMs = 100;

const reason = 'IdHeldByAnother';

/** It waits for the end of another object: looked at again whenever one with its id changes or goes. */
export function isIdHeldByAnother({ status }: BrokeredObject): boolean {
  return findCondition(status?.conditions, 'Stalled')?.reason === reason;
}

/**
 * Which object an id at a broker belongs to: one id, one object. A second one, such as a copy in another namespace, would
 * be answered with 200 and take the service of the first along when it is deleted.
 */
export class HeldIds<O extends BrokeredObject> {
  readonly #resource: Resource;
  readonly #store: Store<O>;
  readonly #stores: Stores;
  readonly #live: LiveList<O, void>;
  /** Ids that are just being put on record. One process leads, so they are known here. */
  readonly #claimed = new Set<string>();

  /** @param store of the kind, with an index `id` */
  constructor(client: Pick<KubeClient, 'list'>, resource: Resource, store: Store<O>, stores: Stores) {
    this.#resource = resource;
    this.#store = store;
    this.#stores = stores;
    this.#live = new LiveList(client, resource, (object: O) => store.put(object));
  }

  /** The other object that the id in use belongs to, as far as the store knows; also one that is being deleted. */
  holderOf(kind: HoldingKind<O>, object: O): O | undefined {
    const id = kind.idOf(object);
    if (id === '') return undefined;
    let holder: O | undefined;
    for (const other of this.#store.byIndex('id', idKey(id))) {
      if (other.metadata.uid === object.metadata.uid || !goesBefore(kind, other, holder ?? object)) continue;
      if (this.#mayBeSameBroker(kind, other, object)) holder = other;
    }
    return holder;
  }

  /**
   * For the first request under an id that was given: `record` puts it on record, unless another object turns out to hold
   * the id or is about to. What the API server has at that moment goes into the store first: a watch may be behind.
   * @returns undefined when the id is not to be had
   * @throws KubeApiError, KubeConnectionError when nobody knows
   */
  async claim(
    kind: HoldingKind<O>,
    object: O,
    record: () => Promise<O>,
    signal: AbortSignal,
  ): Promise<O | undefined> {
    const id = idKey(kind.idOf(object));
    if (this.#claimed.has(id)) return undefined;
    this.#claimed.add(id);
    try {
      await this.#live.list(undefined, signal);
      return this.holderOf(kind, object) === undefined ? await record() : undefined;
    } finally {
      this.#claimed.delete(id);
    }
  }

  /** How an object stands whose id is another's; undefined when it is its own. */
  refusal(kind: HoldingKind<O>, object: O): Verdict | undefined {
    const holder = this.holderOf(kind, object);
    if (holder === undefined) return undefined;
    const { name, namespace } = holder.metadata;
    // What others have in their namespaces is not told.
    const isNear = namespace === object.metadata.namespace;
    const who = isNear ? `${this.#resource.kind} "${name}"` : `a ${this.#resource.kind} of another namespace`;
    const message =
      `The id "${kind.idOf(object)}" at the broker is held by ${who}: nothing is asked for under it, and nothing is ` +
      'deleted there with this object. To have a new one, delete this object and make it again without externalID; it ' +
      'goes on by itself when that one has gone.';
    return { kind: 'stalled', reason, message, failedReason: reason };
  }

  /** Two names may be of one broker. */
  #mayBeSameBroker(kind: HoldingKind<O>, other: O, object: O): boolean {
    const [left, right] = [other, object].map((each) => kind.reach(each, this.#stores)?.broker);
    if (left === undefined || right === undefined || isSameBroker(left, right)) return true;
    const [leftUrl, rightUrl] = [left, right].map((ref) =>
      findBroker(ref, this.#stores)?.spec.url.replace(/\/+$/, ''),
    );
    return leftUrl === undefined || rightUrl === undefined || leftUrl === rightUrl;
  }
}

/** Who has it on record came first; else who was made first. The uid only makes an order of what has none. */
function goesBefore<O extends BrokeredObject>(kind: HoldingKind<O>, other: O, object: O): boolean {
  const isRecorded = kind.mayBeAtBroker(other);
  if (isRecorded !== kind.mayBeAtBroker(object)) return isRecorded;
  const [made, ownMade] = [other, object].map(({ metadata }) => metadata.creationTimestamp ?? '');
  if (made !== ownMade) return (made ?? '') < (ownMade ?? '');
  return (other.metadata.uid ?? '') < (object.metadata.uid ?? '');
}
