import { reclaimAnnotation } from '../../api/group.ts';
import { parseReclaim, type Reclaim } from '../../injection/request-owner.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Made, MadeInstance, NamespaceView } from './in-use.ts';
import type { ServiceBinding } from '../../api/generated/service-binding.ts';

/** For how long what nobody asks for is kept: what the cluster says. */
export interface ReclaimDefaults {
  /** Of an instance, where neither its workloads nor the namespace say anything. */
  readonly request: Reclaim;
  /** Of a login. */
  readonly bindingMs: number;
}

/** The policy of those in the namespace who say nothing themselves. */
export function namespacePolicy(namespace: KubeObject | undefined, { request }: ReclaimDefaults): Reclaim {
  return (namespace === undefined ? undefined : saidOn(namespace)) ?? request;
}

/**
 * What is recorded on an instance while somebody asks for it: the longest of what its askers say. Empty when that is what
 * namespace or cluster say, so that a change of those counts.
 */
export function recordOf(reclaims: MadeInstance['reclaims'], fallback: Reclaim): string {
  const longest = reclaims.reduce<{ readonly said: Reclaim | undefined; readonly ms: number } | undefined>(
    (known, said) => {
      const ms = lengthOf(said ?? fallback);
      return known === undefined || ms > known.ms || (ms === known.ms && said === undefined)
        ? { said, ms }
        : known;
    },
    undefined,
  );
  return longest?.said === undefined ? '' : textOf(longest.said);
}

/** `keep` > times > `delete`. */
function lengthOf(reclaim: Reclaim): number {
  if (reclaim.kind === 'keep') return Number.POSITIVE_INFINITY;
  return reclaim.kind === 'after' ? reclaim.graceMs : -1;
}

function textOf(reclaim: Reclaim): string {
  if (reclaim.kind !== 'after') return reclaim.kind;
  const seconds = reclaim.graceMs / 1000;
  const [unit, size] =
    seconds % 86_400 === 0
      ? ['d', 86_400]
      : seconds % 3_600 === 0
        ? ['h', 3_600]
        : seconds % 60 === 0
          ? ['m', 60]
          : ['s', 1];
  return `${seconds / size}${unit}`;
}

/** What becomes of an instance that nobody needs. */
export function instancePolicy(
  { object, identity, logins }: Pick<MadeInstance, 'object' | 'identity' | 'logins'>,
  fallback: Reclaim,
  isThere: NamespaceView['isThere'],
): Reclaim {
  const policy = saidOn(object) ?? fallback;
  if (policy.kind !== 'delete') return policy;
  if (identity.of === 'workload') return isThere(identity.workload) ? { kind: 'keep' } : policy;
  // Whose a shared one was its logins say. Without any nobody knows, and it has its time like others.
  const owners = logins.flatMap((login) => (login.identity.of === 'login' ? [login.identity.workload] : []));
  if (owners.some(isThere)) return { kind: 'keep' };
  return owners.length > 0 ? policy : patient(fallback);
}

/** What becomes of a login that nobody needs. It goes no later than its instance. */
export function loginPolicy(
  { identity }: Made<ServiceBinding>,
  instance: MadeInstance | undefined,
  fallback: Reclaim,
  { bindingMs }: ReclaimDefaults,
  isThere: NamespaceView['isThere'],
): Reclaim {
  const own: Reclaim = { kind: 'after', graceMs: bindingMs };
  if (instance === undefined || instance.usedBy !== undefined) return own;
  const policy = instancePolicy(instance, fallback, isThere);
  if (
    policy.kind === 'keep' ||
    (identity.of === 'login' && policy.kind === 'delete' && isThere(identity.workload))
  )
    return own;
  return lengthOf(policy) < bindingMs ? policy : own;
}

/** What can not be read may mean anything: then it is kept. */
function saidOn({ metadata }: KubeObject): Reclaim | undefined {
  const value = metadata.annotations?.[reclaimAnnotation]?.trim();
  return value ? (parseReclaim(value) ?? { kind: 'keep' }) : undefined;
}

const week: Reclaim = { kind: 'after', graceMs: 7 * 86_400_000 };

function patient(fallback: Reclaim): Reclaim {
  return fallback.kind === 'delete' ? week : fallback;
}
