import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { deletionProtectionAnnotation } from '../../api/group.ts';
import { hasRequestedName, type RequestedIdentity, type WorkloadRef } from '../../api/requested-identity.ts';
import { readPreset } from '../../injection/preset.ts';
import type { Reclaim } from '../../injection/request-owner.ts';
import { memoized } from '../../base/memo.ts';
import { objectKey, type KubeObject } from '../../kube/objects.ts';
import { identityOf } from '../../model/identity-of.ts';
import { instanceKeyOf } from '../../model/instance-of.ts';
import type { KeptPreset } from '../../model/kept-form.ts';
import { isProtected } from '../../model/protection.ts';
import type { KeptPod } from '../pod.ts';
import { secretNames } from '../secret-names.ts';
import { nameIn } from '../wishes.ts';
import { isOfAnother, type Workload } from '../workload.ts';

/** What could ask for something in a namespace, and what is there. */
export interface NamespaceView {
  /** ReplicaSets are among them. Those that do not ask may be left out. */
  readonly workloads: readonly Workload[];
  /** Those that need nothing may be left out. */
  readonly pods: readonly KeptPod[];
  readonly presets: readonly KeptPreset[];
  readonly instances: readonly ServiceInstance[];
  readonly bindings: readonly ServiceBinding[];
  /** The bindings again, read after the instances: who uses them. */
  readonly users: readonly ServiceBinding[];
  /** Whether there is a workload of this kind and name, be it asking or not. */
  readonly isThere: (workload: WorkloadRef) => boolean;
}

/** Something that was made for a workload, and whether anybody needs it. */
export interface Made<T> {
  readonly object: T;
  readonly identity: RequestedIdentity;
  /** Who keeps it, in words; undefined when nobody does. */
  readonly usedBy: string | undefined;
}

export interface MadeInstance extends Made<ServiceInstance> {
  /** What those say who ask for it in words that can be read, for when they ask no more. */
  readonly reclaims: readonly (Reclaim | undefined)[];
  /** The bindings that were made for workloads, and are not going. */
  readonly logins: readonly Made<ServiceBinding>[];
}

/** All that was made in a namespace and is not going already. */
export interface InUse {
  readonly instances: readonly MadeInstance[];
  readonly bindings: readonly Made<ServiceBinding>[];
}

/**
 * What of that which was made for workloads is needed. Making needs everything: scope, rights, a readable word. Keeping needs
 * only a trace of a wish: a readable one keeps what it names; one that can not be read keeps what this workload had under
 * that name, and a word that nobody knows all that it had; a Pod that has not finished keeps the Secrets that it names; and
 * whoever names or binds what was made has it for his own, too. A login that stays keeps its instance.
 */
export function inUse(view: NamespaceView): InUse {
  const keepers = keepersOf(view);
  const bindings = view.bindings.flatMap((object) => {
    const identity = identityOf(object);
    if (identity === undefined || isGoing(object)) return [];
    const names = [object.metadata.name, object.spec.secretName ?? object.metadata.name];
    return [{ object, identity, usedBy: usedBy(keepers, identity, names) ?? protectionOf(object) }];
  });
  const unused = new Set(
    bindings.filter((made) => made.usedBy === undefined).map(({ object }) => objectKey(object)),
  );
  const users = new Map<string, string>();
  for (const binding of [...view.bindings, ...view.users]) {
    if (binding.metadata.deletionTimestamp === undefined && !unused.has(objectKey(binding)))
      users.set(instanceKeyOf(binding), `ServiceBinding "${binding.metadata.name}" uses it`);
  }
  const logins = Map.groupBy(bindings, ({ object }) => instanceKeyOf(object));
  const instances = view.instances.flatMap((object) => {
    const identity = identityOf(object);
    if (identity === undefined || isGoing(object)) return [];
    const { name } = object.metadata;
    const key = objectKey(object);
    const by = usedBy(keepers, identity, [name]) ?? users.get(key) ?? protectionOf(object);
    const reclaims = keepers.reclaims.get(name) ?? [];
    return [{ object, identity, usedBy: by, reclaims, logins: logins.get(key) ?? [] }];
  });
  return { bindings, instances };
}

interface Keepers {
  /** By the name of what is kept. */
  readonly names: Map<string, string>;
  /** By workload and binding name, or by workload alone. */
  readonly unclear: Map<string, string>;
  /** A preset can not be read: whatever is in the namespace may be meant. */
  all: string | undefined;
  /** By name of the instance. */
  readonly reclaims: Map<string, (Reclaim | undefined)[]>;
}

function keepersOf({ workloads, pods, presets }: NamespaceView): Keepers {
  const keepers: Keepers = { names: new Map(), unclear: new Map(), all: undefined, reclaims: new Map() };
  for (const workload of workloads) addWorkload(keepers, workload);
  for (const pod of pods) {
    if (pod.asks !== undefined) addWorkload(keepers, pod.asks);
    if (pod.isFinished) continue;
    for (const name of pod.needs) say(keepers.names, name, `Pod "${pod.metadata.name}" needs it`);
  }
  for (const preset of presets) addPreset(keepers, preset);
  return keepers;
}

function addWorkload({ names, unclear, reclaims }: Keepers, workload: Workload): void {
  const { kept, top, kind = '', metadata } = workload;
  const who = `${kind} "${metadata.name}"`;
  for (const { login, instance, request, reclaim } of kept.list) {
    say(names, login.name, `${who} asks for it`);
    say(names, instance, `${who} asks for it`);
    // A revision keeps what it names; what becomes of that later is for the workload itself to say.
    if (request !== undefined && !isOfAnother(workload)) {
      const said = reclaims.get(instance) ?? [];
      said.push(reclaim);
      reclaims.set(instance, said);
    }
  }
  for (const name of kept.named) say(names, name, `${who} names it`);
  const may = `${who} asks for something that can not be understood and may mean it`;
  for (const binding of kept.unclear) unclear.set(keyOf(top, binding), may);
  if (kept.isUnclear) unclear.set(keyOf(top), may);
}

function addPreset(keepers: Keepers, preset: KeptPreset): void {
  const who = `PodPreset "${preset.metadata.name}"`;
  if (preset.withheld !== undefined) {
    keepers.all = `${who} is too large to be read and may mean it`;
    return;
  }
  for (const name of namedBy(preset)) say(keepers.names, name, `${who} names it`);
}

/** The first one is told: workloads come before their revisions, and these before their Pods. */
function say(names: Map<string, string>, name: string, words: string): void {
  if (!names.has(name)) names.set(name, words);
}

const namedBy = memoized((preset: KeptPreset): readonly string[] => {
  const { requests, env, envFrom, volumes } = readPreset(preset);
  const names = requests.flatMap(({ source }) => nameIn(source) ?? []);
  const inPods = secretNames({ volumes, containers: [{ name: '', env, envFrom }] });
  return [...names, ...inPods].filter(hasRequestedName);
});

function usedBy(keepers: Keepers, identity: RequestedIdentity, names: readonly string[]): string | undefined {
  for (const name of names) {
    const by = keepers.names.get(name);
    if (by !== undefined) return by;
  }
  if (identity.of === 'share') return keepers.all;
  const { workload, binding } = identity;
  return keepers.unclear.get(keyOf(workload, binding)) ?? keepers.unclear.get(keyOf(workload)) ?? keepers.all;
}

/** No part of it can hold a slash but the last. */
function keyOf({ kind, name }: WorkloadRef, binding?: string): string {
  return binding === undefined ? `${kind}/${name}` : `${kind}/${name}/${binding}`;
}

/** Whoever protects it wants it kept. */
function protectionOf(object: KubeObject): string | undefined {
  return isProtected(object) ? `${deletionProtectionAnnotation} protects it` : undefined;
}

function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}
