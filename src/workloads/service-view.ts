import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { generatedLabel } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';
import { identityOf, ownerKey } from '../model/identity-of.ts';
import { scoped } from '../model/stores.ts';
import type { NamespaceView } from './keeping/in-use.ts';
import { isKnownThere, type Known } from './known-view.ts';

/**
 * What the watches have told of one instance, its logins, and all who may ask for one of them, have it, or mean it: that part of
 * the namespace on which it depends what becomes of them. It costs as much as it holds, however large the namespace is.
 * @param instance its name, also where there is none
 */
export function serviceView(known: Known, namespace: string, instance: string): NamespaceView {
  const { stores, workloads, pods, presets } = known;
  const key = scoped(namespace, instance);
  const found = stores.serviceInstances.store.get(key);
  const instances = found !== undefined && isGenerated(found) ? [found] : [];
  const users = stores.serviceBindings.store.byIndex('instance', key);
  const bindings = users.filter(isGenerated);
  const names = new Set([key, ...bindings.flatMap(namesOf)]);
  const owners = new Set([...instances, ...bindings].flatMap(ownersOf));
  return {
    workloads: workloads.flatMap(({ store }) => who(store, [names, 'names'], [owners, 'unclear'])),
    pods: who(pods.store, [names, 'needs'], [names, 'names'], [owners, 'unclear']),
    presets: presets.store.byIndex('namespace', namespace),
    instances,
    bindings,
    users,
    isThere: isKnownThere(known, namespace),
  };
}

function isGenerated({ metadata }: KubeObject): boolean {
  return metadata.labels?.[generatedLabel] === 'true';
}

function namesOf({ metadata: { namespace, name }, spec }: ServiceBinding): readonly string[] {
  return [scoped(namespace, name), scoped(namespace, spec.secretName ?? name)];
}

function ownersOf(made: KubeObject): readonly string[] {
  const identity = identityOf(made);
  return identity === undefined || identity.of === 'share'
    ? []
    : [ownerKey(made.metadata.namespace ?? '', identity.workload)];
}

function who<T>(
  store: { readonly byIndex: (index: string, value: string) => readonly T[] },
  ...places: readonly (readonly [values: ReadonlySet<string>, index: string])[]
): readonly T[] {
  const found = new Set<T>();
  for (const [values, index] of places)
    for (const value of values) for (const one of store.byIndex(index, value)) found.add(one);
  return [...found];
}
