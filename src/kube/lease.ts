import type { CallOptions, KubeClient } from './client.ts';
import { isNotFound } from './errors.ts';
import type { KubeObject, ObjectRef } from './objects.ts';
import { leases } from './resources.ts';

/** `spec` of a coordination.k8s.io/v1 Lease. Times are MicroTime text. */
export interface LeaseSpec {
  /** Empty after a release. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

/** The Lease, or undefined when there is none. */
export async function readLease(
  client: KubeClient,
  ref: ObjectRef,
  options: CallOptions,
): Promise<Lease | undefined> {
  try {
    return await client.get<Lease>(leases, ref, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Creates the Lease. @throws KubeApiError; isAlreadyExists when somebody was faster */
export function createLease(
  client: KubeClient,
  ref: ObjectRef,
  spec: LeaseSpec,
  options: CallOptions,
): Promise<Lease> {
  return client.create<Lease>(leases, { metadata: { ...ref }, spec }, options);
}

/** Writes the spec over exactly the Lease that was read. @throws KubeApiError; isConflict when it changed */
export function writeLease(
  client: KubeClient,
  lease: Lease,
  spec: LeaseSpec,
  options: CallOptions,
): Promise<Lease> {
  return client.replace<Lease>(leases, { ...lease, spec }, options);
}

/** RFC 3339 with microseconds, the form of metav1.MicroTime. */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
