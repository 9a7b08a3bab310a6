import { untilAborted } from '../base/abort.ts';
import { jsonEqual } from '../base/json.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { Stores } from '../model/stores.ts';
import type { KubeClient } from '../kube/client.ts';
import { loadMaterial, type BrokerMaterial, type MaterialResult } from './broker-material.ts';
import type { AnyBroker, BrokerSpecification } from './broker-settings.ts';
import type { CredentialCopies } from './credential-copies.ts';

export interface MaterialCacheDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly stores: Pick<Stores, 'namespaces'>;
  readonly stopwatch: Stopwatch;
  readonly copies: CredentialCopies | undefined;
}

interface Entry {
  readonly uid: string | undefined;
  readonly specification: BrokerSpecification;
  material: BrokerMaterial | undefined;
  readAtMs: number;
  freshUntilMs: number;
  loading: Promise<MaterialResult> | undefined;
  /** Whether there is a copy of `material`, or need for none. */
  isKept: boolean;
}

/** Credentials are read again after this time, so that a rotated Secret is in use soon without being watched. */
const maxAgeMs = 30_000;
/** A broker that refuses everybody does not make every caller read the Secret. */
const minAgeMs = 1_000;
const readTimeoutMs = 10_000;

/** What was last read of the Secrets and ConfigMaps of each broker; many callers cause one read. */
export class MaterialCache {
  readonly #deps: MaterialCacheDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #closed = new AbortController();

  constructor(deps: MaterialCacheDeps) {
    this.#deps = deps;
  }

  /**
   * @param key names the broker
   * @throws KubeApiError, KubeConnectionError when the API server did not tell
   */
  async get(
    key: string,
    broker: AnyBroker,
    specification: BrokerSpecification,
    signal: AbortSignal,
  ): Promise<MaterialResult> {
    // Nobody would be there for a reading that fails.
    signal.throwIfAborted();
    const entry = this.#entryOf(key, broker, specification);
    if (entry.material !== undefined && this.#deps.stopwatch.elapsedMs() < entry.freshUntilMs) {
      await this.#keepCopy(entry, broker, entry.material, signal);
      return { kind: 'found', material: entry.material };
    }
    entry.loading ??= this.#load(entry, broker).finally(() => {
      entry.loading = undefined;
    });
    return untilAborted(entry.loading, signal);
  }

  /** The broker refused the credentials: the next `get` reads them again, if the last time was not just now. */
  suspect(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.freshUntilMs = Math.min(entry.freshUntilMs, entry.readAtMs + minAgeMs);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  close(): void {
    this.#closed.abort();
    this.#entries.clear();
  }

  /** Another broker of the same name, or another place to read from: nothing of the old may be used. */
  #entryOf(key: string, { metadata }: AnyBroker, specification: BrokerSpecification): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined && known.uid === metadata.uid && jsonEqual(known.specification, specification)) {
      return known;
    }
    const entry: Entry = {
      uid: metadata.uid,
      specification,
      material: undefined,
      readAtMs: 0,
      freshUntilMs: 0,
      loading: undefined,
      isKept: false,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  async #load(entry: Entry, broker: AnyBroker): Promise<MaterialResult> {
    const { client, stopwatch, copies } = this.#deps;
    entry.isKept = false;
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(readTimeoutMs)]);
    let result = await loadMaterial(entry.specification, client, signal);
    if (result.kind === 'found') await this.#keepCopy(entry, broker, result.material, signal);
    // Namespace deletion removes Secrets before instances, and these can not be deprovisioned without credentials.
    else if (result.gone && this.#isTerminating(broker)) {
      const material = entry.material ?? (await copies?.find(broker, signal));
      if (material !== undefined) result = { kind: 'found', material };
    }
    if (result.kind === 'found') {
      entry.material = result.material;
      entry.readAtMs = stopwatch.elapsedMs();
      entry.freshUntilMs = entry.readAtMs + maxAgeMs;
    }
    return result;
  }

  /** Also for what was read before the broker had its first instance. */
  async #keepCopy(
    entry: Entry,
    broker: AnyBroker,
    material: BrokerMaterial,
    signal: AbortSignal,
  ): Promise<void> {
    if (entry.isKept) return;
    const { copies } = this.#deps;
    entry.isKept = copies === undefined || (await copies.keep(broker, entry.specification, material, signal));
  }

  #isTerminating({ metadata }: AnyBroker): boolean {
    if (metadata.namespace === undefined) return false;
    const namespace = this.#deps.stores.namespaces.store.get(metadata.namespace);
    return namespace?.metadata.deletionTimestamp !== undefined;
  }
}
