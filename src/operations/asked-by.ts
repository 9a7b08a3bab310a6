import { originatingIdentity } from '../brokers/originating-identity.ts';
import type { OriginatingIdentity } from '../osb/types.ts';
import { isMitigating, type BrokeredObject } from './operation-status.ts';

/** Whose wish a request is. Nobody asked for orphan mitigation (OSB, Originating Identity). */
export function askedBy(object: BrokeredObject): OriginatingIdentity | undefined {
  return isMitigating(object) ? undefined : originatingIdentity(object.spec.userInfo);
}
