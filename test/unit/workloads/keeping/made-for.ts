import type { ServiceBinding } from '../../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../../src/api/generated/service-instance.ts';
import {
  generatedLabel,
  reclaimAnnotation,
  reclaimAtAnnotation,
  requestedForAnnotation,
} from '../../../../src/api/group.ts';
import { markOf, requestedName, type RequestedIdentity } from '../../../../src/api/requested-identity.ts';
import type { NamespaceView } from '../../../../src/workloads/keeping/in-use.ts';
import { trimPod, type KeptPod, type RawPod } from '../../../../src/workloads/pod.ts';
import { trimWorkload, type RawWorkload, type Workload } from '../../../../src/workloads/workload.ts';

/** Objects of a namespace `n` in which Deployment `app` has asked for PostgreSQL as `db`. */

type Metadata = Partial<ServiceInstance['metadata']>;
type Words = Readonly<Record<string, string>>;

const owner = { workload: { kind: 'Deployment', name: 'app' }, binding: 'db' };
export const service: RequestedIdentity = { of: 'workload', ...owner, class: 'postgresql' };
export const instanceName = requestedName('n', service);
export const access: RequestedIdentity = { of: 'login', ...owner, instance: instanceName, parameters: '' };
export const loginName = requestedName('n', access);

export const bind = 'bind.servicecatalog.k8s.io/db';
export const source = 'request/postgresql/small';

function marked(
  identity: RequestedIdentity,
  { annotations, ...metadata }: Metadata,
): ServiceInstance['metadata'] {
  const name = requestedName('n', identity);
  return {
    name,
    namespace: 'n',
    uid: `uid-of-${name}`,
    labels: { [generatedLabel]: 'true' },
    ...metadata,
    annotations: { [requestedForAnnotation]: markOf(identity), ...annotations },
  };
}

export function instance(metadata: Metadata = {}, identity: RequestedIdentity = service): ServiceInstance {
  return { metadata: marked(identity, metadata), spec: {} };
}

export function binding(metadata: Metadata = {}, identity: RequestedIdentity = access): ServiceBinding {
  const name = identity.of === 'login' ? identity.instance : '';
  return { metadata: marked(identity, metadata), spec: { instanceRef: { name } } };
}

/** A binding that somebody made. */
export function foreign(name: string, of: string, metadata: Metadata = {}): ServiceBinding {
  return { metadata: { name, namespace: 'n', ...metadata }, spec: { instanceRef: { name: of } } };
}

/** The mark on an object of the name that it is marked by. */
export function reclaimAt(time: string, name: string): Words {
  return { [reclaimAtAnnotation]: `${time} uid-of-${name}` };
}

export function recorded(value: string): Words {
  return { [reclaimAnnotation]: value };
}

export function workload(
  kind: string,
  raw: Omit<RawWorkload, 'metadata'> & { readonly metadata?: Metadata },
): Workload {
  return trimWorkload(kind, { ...raw, metadata: { name: 'app', namespace: 'n', ...raw.metadata } });
}

export function pod(raw: Omit<RawPod, 'metadata'> & { readonly metadata?: Metadata }): KeptPod {
  return trimPod({ ...raw, metadata: { name: 'app-0', namespace: 'n', ...raw.metadata } });
}

/** Nobody asks in it: but for the parts that are given. */
export function viewOf(parts: Partial<NamespaceView> = {}): NamespaceView {
  const bindings = parts.bindings ?? [binding()];
  const none = { workloads: [], pods: [], presets: [], instances: [instance()], isThere: () => false };
  return { ...none, bindings, users: bindings, ...parts };
}
