import { systemClock } from '../base/clock.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { CallOptions, KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts';
import { createLease, microTime, readLease, writeLease, type Lease, type LeaseSpec } from '../kube/lease.ts';
import type { ObjectRef } from '../kube/objects.ts';

export interface LeaseLockDeps {
  readonly client: KubeClient;
  readonly ref: ObjectRef;
  readonly identity: string;
  readonly durationMs: number;
  readonly stopwatch: Stopwatch;
}

/**
 * One process's hold on a Lease. Nobody's clock is trusted: the times in the Lease are for people, what counts
 * is how long this process, by its stopwatch, has not seen the Lease change. Same rules as client-go's leader election.
 */
export class LeaseLock {
  readonly #deps: LeaseLockDeps;
  /** The Lease as last read or written. */
  #lease: Lease | undefined;
  /** When its spec was first seen like that. */
  #observedMs = 0;

  constructor(deps: LeaseLockDeps) {
    this.#deps = deps;
  }

  /** Who holds the Lease as far as is known; empty for nobody. */
  get holder(): string {
    return this.#lease?.spec?.holderIdentity ?? '';
  }

  /**
   * Takes the Lease, or renews it. False: somebody else has it, or was faster.
   * @throws KubeApiError, KubeConnectionError: then nothing is known
   */
  async tryHold(options: CallOptions): Promise<boolean> {
    try {
      return await this.#hold(options);
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      // It could not be created: its namespace does not exist.
      if (isNotFound(error) && this.#lease === undefined) throw error;
      // Somebody wrote or removed it since we looked: see how things are, the next attempt decides.
      this.#observe(await readLease(this.#deps.client, this.#deps.ref, options));
      return false;
    }
  }

  /** Gives the Lease away, so that the next leader need not wait. Only for who holds it. */
  async release(options: CallOptions): Promise<void> {
    if (this.#lease === undefined || this.holder !== this.#deps.identity) return;
    const now = microTime(systemClock.now());
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    const leaseTransitions = this.#lease.spec?.leaseTransitions ?? 0;
    await this.#write(this.#lease, { ...spec, leaseTransitions }, options);
  }

  async #hold(options: CallOptions): Promise<boolean> {
    const { client, ref, identity } = this.#deps;
    // Who holds it needs no reading: the write fails when somebody else has written since.
    if (this.#lease !== undefined && this.holder === identity) {
      await this.#write(this.#lease, this.#renewed(this.#lease), options);
      return true;
    }
    const lease = await readLease(client, ref, options);
    this.#observe(lease);
    if (lease === undefined) {
      this.#observe(await createLease(client, ref, this.#taken(0), options));
      return true;
    }
    if (this.holder === identity) await this.#write(lease, this.#renewed(lease), options);
    else if (this.holder !== '' && !this.#isExpired()) return false;
    else await this.#write(lease, this.#taken((lease.spec?.leaseTransitions ?? 0) + 1), options);
    return true;
  }

  async #write(lease: Lease, spec: LeaseSpec, options: CallOptions): Promise<void> {
    this.#observe(await writeLease(this.#deps.client, lease, spec, options));
  }

  #taken(leaseTransitions: number): LeaseSpec {
    const now = microTime(systemClock.now());
    return {
      holderIdentity: this.#deps.identity,
      leaseDurationSeconds: Math.ceil(this.#deps.durationMs / 1000),
      acquireTime: now,
      renewTime: now,
      leaseTransitions,
    };
  }

  #renewed(lease: Lease): LeaseSpec {
    const { acquireTime, leaseTransitions = 0 } = lease.spec ?? {};
    const taken = this.#taken(leaseTransitions);
    return acquireTime === undefined ? taken : { ...taken, acquireTime };
  }

  /** The holder said itself how long its silence may be. */
  #isExpired(): boolean {
    const durationMs = (this.#lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
    return this.#deps.stopwatch.elapsedMs() >= this.#observedMs + durationMs;
  }

  #observe(lease: Lease | undefined): void {
    const isSame = JSON.stringify(lease?.spec) === JSON.stringify(this.#lease?.spec);
    if (!isSame) this.#observedMs = this.#deps.stopwatch.elapsedMs();
    this.#lease = lease;
  }
}
