import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { Key } from '../brokers/checksum-key.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { isAsRecorded } from './secret-digest.ts';
import { isOfBindingId, secretStanding } from './secret-standing.ts';
import { bindingIdAnnotation } from '../api/group.ts';

/**
 * How the Secret of a binding stands that is bound.
 * - `sound`: it holds what was stored, whoever owns it.
 * - `returned`: likewise, and it came back from elsewhere, so that the garbage collector would take it.
 * - `unrecorded`: ours, and nobody has written down what it held: what it holds is taken for right.
 * - `absent`, `changed`: the credentials are not there, or not as they were stored.
 * - `unproven`: it came back from elsewhere, and nothing says that it holds what it should.
 * - `foreign`, `dying`: the name is taken.
 */
export type SecretFinding =
  'sound' | 'returned' | 'unrecorded' | 'absent' | 'changed' | 'unproven' | 'foreign' | 'dying';

export function secretFinding(
  secret: SecretObject | undefined,
  binding: ServiceBinding,
  key: Key,
): SecretFinding {
  const standing = secretStanding(secret, binding);
  if (secret === undefined || standing === 'absent') return 'absent';
  if (standing === 'dying') return 'dying';
  const isRight = isAsRecorded(key, secret.data ?? {}, binding);
  if (standing === 'own') return ownFinding(secret, binding, isRight);
  if (isRight === true) return standing === 'returned' ? 'returned' : 'sound';
  if (standing === 'foreign') return 'foreign';
  return isRight === false ? 'changed' : 'unproven';
}

function ownFinding(
  secret: SecretObject,
  binding: ServiceBinding,
  isRight: boolean | undefined,
): SecretFinding {
  if (isRight !== undefined) return isRight ? 'sound' : 'changed';
  // The original Service Catalog marked none of its Secrets.
  const isMarked = secret.metadata.annotations?.[bindingIdAnnotation] !== undefined;
  return isMarked && !isOfBindingId(secret, binding) ? 'changed' : 'unrecorded';
}
