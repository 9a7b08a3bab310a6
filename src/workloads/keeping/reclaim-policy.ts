import { reclaimAnnotation } from '../../api/group.ts';
import { parseReclaim, type Reclaim } from '../../injection/request-owner.ts';
import type { WorkloadRef } from '../../api/requested-identity.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { workloadKinds } from '../workload.ts';
import { reclaimAtOf } from './reclaim-at.ts';
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

/**
 * What becomes of an instance that nobody needs. What is recorded on it may be older than the last version of its workload, and
 * counts without doubt only when that is no sooner than what namespace and cluster say. What is sooner has to have been the last
 * word of those who went, or stand beside a time that is written already: with that the record was settled, and who has edited
 * it since meant it.
 * @param words see `LastWords`
 */
export function instancePolicy(
  { object, identity, logins }: Pick<MadeInstance, 'object' | 'identity' | 'logins'>,
  fallback: Reclaim,
  isThere: NamespaceView['isThere'],
  words: readonly (Reclaim | undefined)[] | undefined,
): Reclaim {
  const said = saidOn(object) ?? fallback;
  const owners = [identity, ...logins.map((login) => login.identity)].flatMap((one) =>
    one.of === 'share' ? [] : [one.workload],
  );
  if (said.kind === 'delete' && owners.some(isThere)) return { kind: 'keep' };
  const last = words === undefined ? patient(fallback) : longestOf(words, fallback);
  const policy = reclaimAtOf(object) === undefined ? longer(said, last) : said;
  // Whose a shared one was its logins say. Where nobody knows it has its time like others.
  const isKnown = owners.length > 0 && owners.every(canBeLookedUp);
  return policy.kind === 'delete' && !isKnown ? patient(fallback) : policy;
}

/** What is written on an instance together with its time, so that it counts from then on, whoever looks. */
export function settledRecord(policy: Reclaim, fallback: Reclaim): string {
  return textOf(policy) === textOf(fallback) ? '' : textOf(policy);
}

/** What a Pod's name is generated from is no name, and of other kinds nobody lists the objects. */
function canBeLookedUp({ kind, name }: WorkloadRef): boolean {
  const isListed = kind === 'Pod' || workloadKinds.some((known) => known.kind === kind);
  return isListed && !name.endsWith('-');
}

function longer(one: Reclaim, other: Reclaim): Reclaim {
  return lengthOf(other) > lengthOf(one) ? other : one;
}

function longestOf(reclaims: readonly (Reclaim | undefined)[], fallback: Reclaim): Reclaim {
  return reclaims.map((reclaim) => reclaim ?? fallback).reduce<Reclaim>(longer, { kind: 'delete' });
}

/** What becomes of a login that nobody needs. It goes no later than its instance. */
export function loginPolicy(
  { identity }: Made<ServiceBinding>,
  instance: MadeInstance | undefined,
  fallback: Reclaim,
  { bindingMs }: ReclaimDefaults,
  isThere: NamespaceView['isThere'],
  words: readonly (Reclaim | undefined)[] | undefined,
): Reclaim {
  const own: Reclaim = { kind: 'after', graceMs: bindingMs };
  if (instance === undefined || instance.usedBy !== undefined) return own;
  const policy = instancePolicy(instance, fallback, isThere, words);
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
