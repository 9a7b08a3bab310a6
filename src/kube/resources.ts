/** Which kinds there are and under which path the API server keeps them. */

/** One served kind in one version. */
export interface Resource {
  /** API group, empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural, the path segment: `secrets`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface PathParts {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

function resource(apiVersion: string, kind: string, plural: string, namespaced: boolean): Resource {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return Object.freeze({ group, version: apiVersion.slice(slash + 1), plural, kind, namespaced });
}

export const namespaces: Resource = resource('v1', 'Namespace', 'namespaces', false);
export const secrets: Resource = resource('v1', 'Secret', 'secrets', true);
export const configMaps: Resource = resource('v1', 'ConfigMap', 'configmaps', true);
export const pods: Resource = resource('v1', 'Pod', 'pods', true);
export const services: Resource = resource('v1', 'Service', 'services', true);
export const networkPolicies: Resource = resource(
  'networking.k8s.io/v1',
  'NetworkPolicy',
  'networkpolicies',
  true,
);
export const serviceAccounts: Resource = resource('v1', 'ServiceAccount', 'serviceaccounts', true);
export const events: Resource = resource('v1', 'Event', 'events', true);

export const deployments: Resource = resource('apps/v1', 'Deployment', 'deployments', true);
export const replicaSets: Resource = resource('apps/v1', 'ReplicaSet', 'replicasets', true);
export const statefulSets: Resource = resource('apps/v1', 'StatefulSet', 'statefulsets', true);
export const daemonSets: Resource = resource('apps/v1', 'DaemonSet', 'daemonsets', true);
export const jobs: Resource = resource('batch/v1', 'Job', 'jobs', true);
export const cronJobs: Resource = resource('batch/v1', 'CronJob', 'cronjobs', true);

export const leases: Resource = resource('coordination.k8s.io/v1', 'Lease', 'leases', true);

export const customResourceDefinitions: Resource = resource(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);

export const mutatingWebhookConfigurations: Resource = resource(
  'admissionregistration.k8s.io/v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  false,
);
export const validatingWebhookConfigurations: Resource = resource(
  'admissionregistration.k8s.io/v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  false,
);
export const validatingAdmissionPolicies: Resource = resource(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicy',
  'validatingadmissionpolicies',
  false,
);
export const validatingAdmissionPolicyBindings: Resource = resource(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
  false,
);

export const roles: Resource = resource('rbac.authorization.k8s.io/v1', 'Role', 'roles', true);
export const roleBindings: Resource = resource(
  'rbac.authorization.k8s.io/v1',
  'RoleBinding',
  'rolebindings',
  true,
);
export const clusterRoles: Resource = resource(
  'rbac.authorization.k8s.io/v1',
  'ClusterRole',
  'clusterroles',
  false,
);
export const clusterRoleBindings: Resource = resource(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
  false,
);

/** Review kinds can only be created; the answer is the same object with `status` filled in. */
export const subjectAccessReviews: Resource = resource(
  'authorization.k8s.io/v1',
  'SubjectAccessReview',
  'subjectaccessreviews',
  false,
);

/** The same question within one namespace, which a Role can grant the right to. */
export const localSubjectAccessReviews: Resource = resource(
  'authorization.k8s.io/v1',
  'LocalSubjectAccessReview',
  'localsubjectaccessreviews',
  true,
);

/** `v1` or `group/version`, the `apiVersion` of the kind's objects. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/**
 * The path of a collection, an object or a subresource, e.g. `/api/v1/namespaces/a/secrets/b`.
 * A namespaced kind without namespace means "in all namespaces" and can only be listed and watched.
 * @throws TypeError when a part can not be a path segment of the Kubernetes API, or the namespace is missing
 */
export function resourcePath(resource: Resource, parts: PathParts = {}): string {
  const root = resource.group === '' ? '/api/' : '/apis/';
  let path = `${root}${apiVersionOf(resource)}`;
  if (resource.namespaced && parts.namespace !== undefined && parts.namespace !== '') {
    path += `/namespaces/${segment(parts.namespace)}`;
  } else if (resource.namespaced && parts.name !== undefined) {
    throw new TypeError(`${resource.kind} "${parts.name}" is namespaced: its namespace is missing`);
  }
  path += `/${resource.plural}`;
  if (parts.name !== undefined) path += `/${segment(parts.name)}`;
  return parts.subresource === undefined ? path : `${path}/${parts.subresource}`;
}

/** Kubernetes' rule for path segments: not empty, not `.` or `..`, no `/` and no `%`. */
function segment(text: string): string {
  if (text === '' || text === '.' || text === '..' || /[/%]/.test(text)) {
    throw new TypeError(`"${text}" can not be the name of a Kubernetes object`);
  }
  return encodeURIComponent(text);
}
