import type { Logger } from '../base/logger.ts';
import type { SecretNameLookup } from '../injection/binding.ts';
import type { RequestLimits } from '../injection/limits.ts';
import type { JsonObject } from '../base/json.ts';
import type { Authorize } from './authorize.ts';
import type { WishDeps } from './unfit-wish.ts';

export interface MutateWorkloadDeps {
  /** Undefined also when the binding does not exist. */
  readonly bindingSecretName: SecretNameLookup;
  /** Why a binding that exists will not have credentials, in a word; undefined when it may. */
  readonly bindingFailure?: (namespace: string, binding: string) => string | undefined;
  /** What readers of its type look for in the Secret of a binding, and do not find: `a`, or `a or b` of which one would do. */
  readonly missingKeys?: (namespace: string, binding: string) => readonly string[];
  /** The keys of that Secret; undefined where nobody has written them down. */
  readonly secretKeys?: (namespace: string, binding: string) => readonly string[] | undefined;
  /** Whether a ServiceInstance of this name exists. */
  readonly hasInstance: (namespace: string, name: string) => boolean;
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>> | undefined;
  /** What is wrong with a class and plan that an annotation asks for, as a sentence; undefined when nothing. */
  readonly offeringProblem: (className: string, plan: string, namespace: string) => string | undefined;
  /** The spec of an instance of class and plan, where that class is. */
  readonly requestedSpec: (className: string, plan: string, namespace: string) => JsonObject;
  readonly wishes: WishDeps;
  readonly authorize: Authorize;
  /** As for Pods. */
  readonly isBound?: (namespace: string, binding: string) => boolean;
  /** As for Pods. @default false */
  readonly schedulingGates?: boolean;
  /** As for Pods. @default defaultLimits */
  readonly limits?: RequestLimits;
  /** As for Pods. @default defaultRequestReclaimMs */
  readonly requestReclaimMs?: number;
  /** As for Pods. */
  readonly namespaceReclaim?: (namespace: string) => string | undefined;
  /** True where a controller rolls workloads out when a Secret changes. @default false */
  readonly restarts?: boolean;
  readonly logger: Logger;
}
