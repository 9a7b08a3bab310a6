import type { JsonObject } from '../base/json.ts';
import type { Logger } from '../base/logger.ts';
import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import type { FoundOffering, ResolveInstance } from '../model/admission-resolution.ts';
import type { Offering } from '../model/resolve.ts';
import type { Newcomer } from '../model/room.ts';
import type { Authorize } from './authorize.ts';
import type { IsDying } from './dying-instance.ts';
import type { MadeIds } from './made-ids.ts';
import type { ObjectPatch } from './object-patch.ts';
import type { PlanStaysDeps } from './plan-stays.ts';
import type { HoldersOf } from './taken-id.ts';
import type { AdmissionRequest } from './review.ts';
import type { WishDeps } from './unfit-wish.ts';

/** What instances are held against, as far as it is known: the controller has the last word. */
export interface OfferingDeps {
  readonly find: (spec: ServiceInstanceSpec, namespace: string) => FoundOffering;
  /** Why this namespace may not have it, as a sentence without a full stop. */
  readonly refusal: (offering: Offering, wanted: Newcomer) => string | undefined;
}

export interface MutateCatalogDeps {
  /** Of new instances and bindings. */
  readonly ids: MadeIds;
  /** Class and plan of an instance, when they are known. Refs that the spec holds win over its selectors. */
  readonly resolve: ResolveInstance;
  readonly authorize: Authorize;
  readonly holdersOf: HoldersOf;
  readonly isDying: IsDying;
  readonly wishes: WishDeps;
  readonly planThatStays: PlanStaysDeps['planThatStays'];
  readonly offerings: OfferingDeps;
  /** True for our own controller: what it writes is not a wish of its own. */
  readonly isController: (request: AdmissionRequest) => boolean;
  readonly logger: Logger;
}

/** What a kind's own rules look at. */
export interface CatalogChange {
  readonly request: AdmissionRequest;
  readonly isCreation: boolean;
  readonly spec: JsonObject;
  readonly oldSpec: JsonObject;
  readonly patch: ObjectPatch;
  /** Tells the person something about a request that is granted. */
  readonly warn: (message: string) => void;
  readonly deps: MutateCatalogDeps;
}
