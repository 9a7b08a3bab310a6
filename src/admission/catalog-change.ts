import type { JsonObject } from '../base/json.ts';
import type { Logger } from '../base/logger.ts';
import type { ResolveInstance } from '../model/admission-resolution.ts';
import type { Authorize } from './authorize.ts';
import type { IsDying } from './dying-instance.ts';
import type { MadeIds } from './made-ids.ts';
import type { ObjectPatch } from './object-patch.ts';
import type { PlanStaysDeps } from './plan-stays.ts';
import type { HoldersOf } from './taken-id.ts';
import type { AdmissionRequest } from './review.ts';
import type { WishDeps } from './unfit-wish.ts';

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
