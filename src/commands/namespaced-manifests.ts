import type { KubeObject } from '../kube/objects.ts';

export interface NamespacedOptions {
  /** Those that are served. */
  readonly namespaces: readonly string[];
  /** Bindery's own, as the manifests name it. */
  readonly own: string;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Role extends KubeObject {
  readonly rules?: readonly Rule[];
}

interface Binding extends KubeObject {
  readonly roleRef: { readonly apiGroup: string; readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string }[];
}

interface Webhook {
  readonly rules: readonly { readonly scope?: string }[];
  readonly namespaceSelector?: { readonly matchExpressions?: readonly unknown[] };
}

/** What stays a right in the cluster: it has no namespace, and each rule names the objects. */
const clusterResources = ['customresourcedefinitions', 'mutatingwebhookconfigurations', 'namespaces'];
/** Brokers, classes and plans of the cluster are not read at all. */
const isOfCatalog = (resource: string): boolean => resource.startsWith('cluster');
/** What is read and written in Bindery's own namespace, too: copies of credentials, records of services, Events about these. */
const ownResources = ['secrets', 'configmaps', 'events'];

/**
 * The manifests as they are for `--namespaces`: the rights of the roles in these namespaces and in Bindery's own, webhooks and
 * policies for them alone. Rights of people, kinds and whatever else there is stay as they are. The input is not changed.
 * @throws Error when a right in the cluster would not name its objects
 */
export function namespacedManifests(
  objects: readonly KubeObject[],
  options: NamespacedOptions,
): readonly KubeObject[] {
  const roles = programRoles(objects);
  return objects.flatMap((object): readonly KubeObject[] => {
    const { name, namespace } = object.metadata;
    if (object.kind === 'ClusterRole' && roles.has(name)) return ofRole(object, options);
    if (object.kind === 'ClusterRoleBinding' && roles.has((object as Binding).roleRef.name))
      return ofBinding(object as Binding, options);
    if (object.kind === 'Role' && namespace === options.own)
      return [withRules(object, [...rulesOf(object), ...ownRules(roles.get(name) ?? [])])];
    if (object.kind === 'MutatingWebhookConfiguration') return [ofWebhooks(object, options)];
    if (object.kind === 'ValidatingAdmissionPolicyBinding') return [ofPolicy(object, options)];
    return [object];
  });
}

/** Rules of the ClusterRoles that are bound to ServiceAccounts in the whole cluster, by name. */
function programRoles(objects: readonly KubeObject[]): ReadonlyMap<string, readonly Rule[]> {
  const bound = new Set(
    objects
      .filter(({ kind }) => kind === 'ClusterRoleBinding')
      .map((object) => object as Binding)
      .filter(({ subjects = [] }) => subjects.some(({ kind }) => kind === 'ServiceAccount'))
      .map(({ roleRef }) => roleRef.name),
  );
  return new Map(
    objects
      .filter(({ kind, metadata }) => kind === 'ClusterRole' && bound.has(metadata.name))
      .map((object) => [object.metadata.name, rulesOf(object)]),
  );
}

function ofRole(role: Role, { namespaces }: NamespacedOptions): readonly KubeObject[] {
  const rules = rulesOf(role);
  const inNamespaces = namespacedRules(rules);
  return [
    withRules(role, clusterRules(rules, namespaces)),
    ...namespaces.map((namespace) => ({ ...inside(role, namespace, 'Role'), rules: inNamespaces })),
  ];
}

function ofBinding(binding: Binding, { namespaces }: NamespacedOptions): readonly KubeObject[] {
  const roleRef = { ...binding.roleRef, kind: 'Role' };
  return [
    binding,
    ...namespaces.map((namespace) => ({ ...inside(binding, namespace, 'RoleBinding'), roleRef })),
  ];
}

/** What a Role can grant, in the form that it can: rights of others are asked about within the namespace. */
export function namespacedRules(rules: readonly Rule[]): readonly Rule[] {
  return narrowed(rules, (resource) => !clusterResources.includes(resource) && !isOfCatalog(resource)).map(
    (rule) => ({
      ...rule,
      resources: rule.resources.map((resource) =>
        resource === 'subjectaccessreviews' ? 'localsubjectaccessreviews' : resource,
      ),
    }),
  );
}

/** @throws Error when one of them would be a right to every object in the cluster */
export function clusterRules(rules: readonly Rule[], namespaces: readonly string[]): readonly Rule[] {
  return narrowed(rules, (resource) => clusterResources.includes(resource)).map((rule) => {
    if (rule.resources.includes('namespaces')) return { ...rule, resourceNames: namespaces };
    if (rule.resourceNames === undefined) throw new Error(`${rule.resources.join(', ')}: without a name`);
    return rule;
  });
}

function ownRules(rules: readonly Rule[]): readonly Rule[] {
  return narrowed(rules, (resource) => ownResources.includes(resource));
}

function narrowed(rules: readonly Rule[], isMeant: (resource: string) => boolean): readonly Rule[] {
  return rules
    .map((rule) => ({ ...rule, resources: rule.resources.filter(isMeant) }))
    .filter(({ resources }) => resources.length > 0);
}

function rulesOf(role: Role): readonly Rule[] {
  return role.rules ?? [];
}

function withRules(role: Role, rules: readonly Rule[]): KubeObject {
  return { ...role, rules } as KubeObject;
}

function inside<T extends KubeObject>(object: T, namespace: string, kind: string): T {
  return { ...object, kind, metadata: { ...object.metadata, namespace } };
}

/** Called for what is in these namespaces, and for nothing that has none. */
function ofWebhooks(object: KubeObject, { namespaces }: NamespacedOptions): KubeObject {
  const { webhooks = [] } = object as KubeObject & { readonly webhooks?: readonly Webhook[] };
  const narrowedOnes = webhooks.map((webhook) => ({
    ...webhook,
    rules: webhook.rules.filter(({ scope }) => scope === 'Namespaced'),
    namespaceSelector: {
      ...webhook.namespaceSelector,
      matchExpressions: [...(webhook.namespaceSelector?.matchExpressions ?? []), isOneOf(namespaces)],
    },
  }));
  return { ...object, webhooks: narrowedOnes.filter(({ rules }) => rules.length > 0) } as KubeObject;
}

/** Bindery's own namespace as well: what the controller may write there is held by policies, too. */
function ofPolicy(object: KubeObject, { namespaces, own }: NamespacedOptions): KubeObject {
  const { spec } = object as KubeObject & { readonly spec: object };
  const namespaceSelector = { matchExpressions: [isOneOf([...namespaces, own])] };
  return { ...object, spec: { ...spec, matchResources: { namespaceSelector } } } as KubeObject;
}

function isOneOf(values: readonly string[]): unknown {
  return { key: 'kubernetes.io/metadata.name', operator: 'In', values };
}
