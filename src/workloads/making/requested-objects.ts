import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance, ServiceInstanceSpec } from '../../api/generated/service-instance.ts';
import {
  apiVersion,
  generatedLabel,
  requestedForAnnotation,
  shapeAnnotation,
  workloadLabel,
} from '../../api/group.ts';
import { serviceBindings, serviceInstances } from '../../api/kinds.ts';
import { markedIdentity } from '../../api/requested-identity.ts';
import { Withheld } from '../../control/withheld.ts';
import { canonicalJson, jsonEqual } from '../../base/json.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { instanceKeyOf } from '../../model/instance-of.ts';
import { offeringSpec, type ClassScope } from '../../model/class-scope.ts';
import { parametersOf } from './wanted-services.ts';
import { identityOf } from '../../model/identity-of.ts';
import type { Wish, WishedObject } from '../wishes.ts';

/** The words of the spec for a class and a plan by the names that their broker gives them. */
const selectors = {
  namespace: {
    class: 'serviceClassExternalName',
    plan: 'servicePlanExternalName',
    planRef: 'servicePlanRef',
  },
  cluster: {
    class: 'clusterServiceClassExternalName',
    plan: 'clusterServicePlanExternalName',
    planRef: 'clusterServicePlanRef',
  },
} as const;

export type Request = NonNullable<Wish['request']>;

/** A wish for a service. */
export interface ServiceWish extends Pick<Wish, 'parameters'> {
  readonly request: Request;
}

/** @param requestedBy user name of the person who asks; undefined when nobody knows */
export function requestedInstance(
  namespace: string,
  wish: ServiceWish,
  scope: ClassScope,
  requestedBy: string | undefined,
): ServiceInstance {
  const { request } = wish;
  return {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: metadataOf(namespace, request),
    spec: {
      ...offeringSpec(request.class, request.plan, scope),
      ...parametersOf(wish),
      ...askedBy(requestedBy),
    },
  };
}

/** Parameters of a `request/` are those of its instance. */
export function requestedBinding(
  namespace: string,
  wish: Wish,
  requestedBy: string | undefined,
): ServiceBinding {
  return {
    apiVersion,
    kind: serviceBindings.kind,
    metadata: withShape(metadataOf(namespace, wish.login), wish.shape),
    spec: {
      instanceRef: { name: wish.instance },
      secretName: wish.login.name,
      ...(wish.request === undefined ? parametersOf(wish) : {}),
      ...askedBy(requestedBy),
    },
  };
}

function withShape(metadata: KubeObject['metadata'], shape: string | undefined): KubeObject['metadata'] {
  return shape
    ? { ...metadata, annotations: { ...metadata.annotations, [shapeAnnotation]: shape } }
    : metadata;
}

/** The annotation that a login lacks, or null for one that is to go; undefined when nothing differs, or nobody knows. */
export function shapeChange({ metadata }: ServiceBinding, { shape }: Wish): string | null | undefined {
  const known = metadata.annotations?.[shapeAnnotation] ?? '';
  return shape === undefined || shape === known ? undefined : shape || null;
}

function askedBy(username: string | undefined): Pick<ServiceInstanceSpec, 'userInfo'> {
  return username === undefined ? {} : { userInfo: { username } };
}

function metadataOf(namespace: string, { name, mark }: WishedObject): KubeObject['metadata'] {
  return {
    namespace,
    name,
    labels: { [generatedLabel]: 'true', ...workloadLabelOf(namespace, name, mark) },
    annotations: { [requestedForAnnotation]: mark },
  };
}

const labelValue = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** For `kubectl get -l`: the workload, or the id that workloads share. Names may be longer than a label. */
function workloadLabelOf(namespace: string, name: string, mark: string): Readonly<Record<string, string>> {
  const identity = markedIdentity({ namespace, name }, mark);
  const value = identity?.of === 'share' ? identity.share : identity?.workload.name;
  return value !== undefined && labelValue.test(value) ? { [workloadLabel]: value } : {};
}

/** Made for a workload: its mark gives its name. */
export function isRequested(object: KubeObject): boolean {
  return identityOf(object) !== undefined;
}

/**
 * Whether a binding is what would be made: anybody who may create bindings can give one the name and the mark, and have
 * credentials of his own in its Secret. Parameters that are too large to be kept are not compared, numbers by their value.
 */
export function isAsMade(binding: ServiceBinding, made: ServiceBinding): boolean {
  const { spec } = binding;
  const { spec: wanted } = made;
  const same = (one: unknown, other: unknown): boolean => plainJson(one ?? {}) === plainJson(other ?? {});
  return (
    instanceKeyOf(binding) === instanceKeyOf(made) &&
    spec.secretName === wanted.secretName &&
    (spec.secretTransforms ?? []).length === 0 &&
    (spec.parameters instanceof Withheld
      ? wanted.parameters !== undefined
      : same(spec.parameters, wanted.parameters)) &&
    same(spec.parametersFrom ?? [], wanted.parametersFrom ?? [])
  );
}

/** The API server stores numbers in another form than they were sent in. */
function plainJson(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)));
}

/** Where the class of this instance is looked for; undefined when it is another class, or is named in another way. */
export function scopeOf({ spec }: ServiceInstance, className: string): ClassScope | undefined {
  return (['namespace', 'cluster'] as const).find((scope) => spec[selectors[scope].class] === className);
}

/** What a wish differs in from the instance that is there. */
export interface InstanceChange {
  readonly plan: boolean;
  readonly parameters: boolean;
}

/**
 * @param instance with its parameters, however large they are
 * @returns undefined when there is nothing to change
 */
export function instanceChange(
  { spec }: ServiceInstance,
  wish: ServiceWish,
  scope: ClassScope,
): InstanceChange | undefined {
  const wanted = parametersOf(wish);
  const plan = spec[selectors[scope].plan] !== wish.request.plan;
  const parameters =
    !jsonEqual(spec.parameters ?? {}, wanted.parameters ?? {}) ||
    !jsonEqual(spec.parametersFrom ?? [], wanted.parametersFrom ?? []);
  return plan || parameters ? { plan, parameters } : undefined;
}

interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * The change as a JSON patch: a merge patch would merge parameters, and could not say null. It holds for this version of the
 * instance only. The ref to the plan goes with the plan, or it would win over its name.
 */
export function changePatch(
  { metadata, spec }: ServiceInstance,
  wish: ServiceWish,
  scope: ClassScope,
  { plan, parameters }: InstanceChange,
  requestedBy: string | undefined,
): readonly JsonPatchOperation[] {
  const words = selectors[scope];
  const wanted = parametersOf(wish);
  const set = (field: string, value: unknown, isThere: boolean): JsonPatchOperation[] => {
    const path = `/spec/${field}`;
    if (value !== undefined) return [{ op: 'add', path, value }];
    return isThere ? [{ op: 'remove', path }] : [];
  };
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    ...(plan ? set(words.plan, wish.request.plan, true) : []),
    ...(plan ? set(words.planRef, undefined, words.planRef in spec) : []),
    ...(parameters ? set('parameters', wanted.parameters, 'parameters' in spec) : []),
    ...(parameters ? set('parametersFrom', wanted.parametersFrom, 'parametersFrom' in spec) : []),
    ...(requestedBy === undefined ? [] : set('userInfo', { username: requestedBy }, true)),
  ];
}
