import { jsonEqual } from '../base/json.ts';
import { specificationOf, type AnyBroker } from '../brokers/broker-settings.ts';
import type { Store } from '../control/store.ts';
import { objectKey } from '../kube/objects.ts';

/**
 * Looks at a broker while it is spoken to. Its signal aborts when the broker object goes, is to go, or names another
 * place or other credentials: what comes from there now is of no use, and may be why somebody has changed it.
 */
export class BrokerWatch {
  readonly #overtaken = new AbortController();
  readonly #unsubscribe: () => void;
  readonly signal: AbortSignal;

  constructor(brokers: Pick<Store<AnyBroker>, 'get' | 'subscribe'>, begun: AnyBroker, signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#overtaken.signal]);
    const key = objectKey(begun);
    const look = (current: AnyBroker | undefined): void => {
      if (!isSame(begun, current)) this.#overtaken.abort(new Error('the broker object has changed'));
    };
    this.#unsubscribe = brokers.subscribe(({ object, removed }) => {
      if (objectKey(object) === key) look(removed ? undefined : object);
    });
    // It may have changed since it was read.
    look(brokers.get(key));
  }

  get isOvertaken(): boolean {
    return this.#overtaken.signal.aborted;
  }

  end(): void {
    this.#unsubscribe();
  }
}

function isSame(begun: AnyBroker, current: AnyBroker | undefined): boolean {
  return (
    current !== undefined &&
    current.metadata.uid === begun.metadata.uid &&
    current.metadata.deletionTimestamp === undefined &&
    jsonEqual(specificationOf(begun), specificationOf(current))
  );
}
