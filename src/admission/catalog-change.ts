import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import type { JsonObject } from '../base/json.ts';
import type { Logger } from '../base/logger.ts';
import type { Authorize } from './authorize.ts';
import type { ObjectPatch } from './object-patch.ts';
import type { AdmissionRequest, RequestUser } from './review.ts';

export interface MutateCatalogDeps {
  /** A random UUID, version 4. */
  readonly uuid: () => string;
  /** Class and plan of an instance, when they are known; never depends on refs that the spec may hold. */
  readonly resolve: (spec: ServiceInstanceSpec, namespace: string) => ResolvedInstance | undefined;
  readonly authorize: Authorize;
  /** True for our own controller: what it writes is not a wish of its own. */
  readonly isController: (user: RequestUser) => boolean;
  readonly logger: Logger;
}

export interface ResolvedInstance {
  /** `clusterServiceClassRef`, … as fields of the spec. */
  readonly refs: Readonly<Partial<Record<InstanceRef, { readonly name: string }>>>;
  /** Query labels of these refs. */
  readonly labels: Readonly<Record<string, string>>;
  /** The plan selector to fill in when the instance names none and the class has one plan only. */
  readonly planSelector?: Readonly<Record<string, string>>;
}

export type InstanceRef =
  'clusterServiceClassRef' | 'clusterServicePlanRef' | 'serviceClassRef' | 'servicePlanRef';

/** What a kind's own rules look at. */
export interface CatalogChange {
  readonly request: AdmissionRequest;
  readonly isCreation: boolean;
  readonly spec: JsonObject;
  readonly oldSpec: JsonObject;
  readonly patch: ObjectPatch;
  readonly deps: MutateCatalogDeps;
}
