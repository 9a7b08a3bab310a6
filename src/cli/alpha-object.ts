import { apiVersion, group } from '../api/group.ts';
import { isObject, type JsonObject } from '../base/json.ts';

/** `apiVersion` of everything before v1beta1, also of the early third party resources. */
export const alphaVersion = `${group}/v1alpha1`;

export type Conversion =
  /** `lost` names what has no place in v1beta1, as the end of a sentence. */
  | { readonly kind: 'converted'; readonly object: JsonObject; readonly lost: readonly string[] }
  | { readonly kind: 'refused'; readonly problem: string }
  /** Not needed any more. */
  | { readonly kind: 'left-out'; readonly why: string };

interface Rule {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly spec: (spec: JsonObject) => SpecResult;
}

interface SpecResult {
  readonly spec?: JsonObject;
  readonly problem?: string;
  readonly lost?: readonly string[];
}

const broker: Rule = { kind: 'ClusterServiceBroker', namespaced: false, spec: brokerSpec };
const instance: Rule = { kind: 'ServiceInstance', namespaced: true, spec: instanceSpec };
const binding: Rule = { kind: 'ServiceBinding', namespaced: true, spec: bindingSpec };

/** By the names that the kinds had from one release of the alpha API to the next. */
const rules: ReadonlyMap<string, Rule> = new Map([
  ['Broker', broker],
  ['ServiceBroker', broker],
  ['ClusterServiceBroker', broker],
  ['Instance', instance],
  ['ServiceInstance', instance],
  ['Binding', binding],
  ['ServiceInstanceCredential', binding],
  ['ServiceBinding', binding],
]);
const catalogKinds: ReadonlySet<string> = new Set([
  'ServiceClass',
  'ServicePlan',
  'ClusterServiceClass',
  'ClusterServicePlan',
]);

/** What belonged to the object in its old cluster. */
const oldMetadata: readonly string[] = [
  'uid',
  'resourceVersion',
  'generation',
  'selfLink',
  'creationTimestamp',
  'finalizers',
  'ownerReferences',
  'managedFields',
];
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * An object of `servicecatalog.k8s.io/v1alpha1` as v1beta1 has it. Its id at the broker stays, so that the service is taken
 * over and not made again; its status does not.
 */
export function convertAlpha(object: JsonObject): Conversion {
  const kind = String(object['kind']);
  if (catalogKinds.has(kind))
    return { kind: 'left-out', why: 'it is made anew from the catalog of its broker' };
  const rule = rules.get(kind);
  if (rule === undefined) return refused(`there is no such kind in ${apiVersion}`);
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  if (metadata['deletionTimestamp']) return refused('it was being deleted');
  if (!isObject(object['spec'])) return refused('it has no spec');
  const inexact = inexactNumber(object['spec'], 'spec');
  if (inexact !== undefined)
    return refused(`the number in ${inexact} would be changed: write it as JSON text by hand`);
  const { spec, problem, lost = [] } = rule.spec(object['spec']);
  if (spec === undefined || problem !== undefined) return refused(problem ?? 'it can not be understood');
  return {
    kind: 'converted',
    object: { apiVersion, kind: rule.kind, metadata: newMetadata(metadata, rule.namespaced), spec },
    lost,
  };
}

function newMetadata(metadata: JsonObject, namespaced: boolean): JsonObject {
  const kept = without(metadata, namespaced ? oldMetadata : [...oldMetadata, 'namespace']);
  const annotations = isObject(kept['annotations']) ? without(kept['annotations'], [lastApplied]) : undefined;
  if (annotations === undefined) return kept;
  const { annotations: _, ...others } = kept;
  return Object.keys(annotations).length === 0 ? others : { ...others, annotations };
}

function brokerSpec(spec: JsonObject): SpecResult {
  const fields = [
    'url',
    'insecureSkipTLSVerify',
    'caBundle',
    'relistBehavior',
    'relistDuration',
    'relistRequests',
  ];
  const { authInfo, authSecret } = spec;
  const auth = authOf(isObject(authInfo) ? authInfo : {}, authSecret);
  if (auth.problem !== undefined) return auth;
  return {
    spec: { ...only(spec, fields), ...(auth.spec === undefined ? {} : { authInfo: auth.spec }) },
    lost: unknown(spec, [...fields, 'authInfo', 'authSecret', 'osbGuid']),
  };
}

/** The Secret was named in three places, one after the other. */
function authOf({ basic, bearer, basicAuthSecret }: JsonObject, authSecret: unknown): SpecResult {
  const found: readonly (readonly [string, unknown])[] = [
    ['basic', isObject(basic) ? basic['secretRef'] : undefined],
    ['bearer', isObject(bearer) ? bearer['secretRef'] : undefined],
    ['basic', basicAuthSecret],
    ['basic', authSecret],
  ];
  for (const [kind, ref] of found) {
    if (!isObject(ref)) continue;
    if (!ref['namespace'] || !ref['name'])
      return { problem: `its ${kind} Secret needs a namespace and a name` };
    return { spec: { [kind]: { secretRef: only(ref, ['namespace', 'name']) } } };
  }
  return {};
}

const classNames = [
  'serviceClassName',
  'externalServiceClassName',
  'externalClusterServiceClassName',
  'clusterServiceClassExternalName',
];
const planNames = [
  'planName',
  'externalServicePlanName',
  'externalClusterServicePlanName',
  'clusterServicePlanExternalName',
];
const shared = ['parameters', 'parametersFrom', 'externalID'];
/** Set by the webhook, and by what the names lead to. */
const made = [
  'userInfo',
  'serviceClassRef',
  'servicePlanRef',
  'clusterServiceClassRef',
  'clusterServicePlanRef',
  'osbGuid',
  'checksum',
];

function instanceSpec(spec: JsonObject): SpecResult {
  const className = firstOf(spec, classNames);
  if (className === undefined) return { problem: 'it names no class' };
  const plan = firstOf(spec, planNames);
  return {
    spec: {
      clusterServiceClassExternalName: className,
      ...(plan === undefined ? {} : { clusterServicePlanExternalName: plan }),
      ...idOf(spec),
      ...only(spec, [...shared, 'updateRequests']),
    },
    lost: unknown(spec, [...classNames, ...planNames, ...shared, ...made, 'updateRequests']),
  };
}

function bindingSpec(spec: JsonObject): SpecResult {
  const { instanceRef, alphaPodPresetTemplate } = spec;
  const name = isObject(instanceRef) ? instanceRef['name'] : undefined;
  if (typeof name !== 'string' || name === '') return { problem: 'it names no instance' };
  const preset = alphaPodPresetTemplate
    ? [
        'spec.alphaPodPresetTemplate: annotate the workload with bind.servicecatalog.k8s.io instead, or write a PodPreset',
      ]
    : [];
  return {
    spec: { instanceRef: { name }, ...idOf(spec), ...only(spec, [...shared, 'secretName']) },
    lost: [
      ...preset,
      ...unknown(spec, ['instanceRef', 'secretName', 'alphaPodPresetTemplate', ...shared, ...made]),
    ],
  };
}

/** As the third party resources called it. */
function idOf({ osbGuid }: JsonObject): JsonObject {
  return typeof osbGuid === 'string' && osbGuid !== '' ? { externalID: osbGuid } : {};
}

function firstOf(spec: JsonObject, fields: readonly string[]): string | undefined {
  const found = fields.map((field) => spec[field]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found : undefined;
}

function only(object: JsonObject, fields: readonly string[]): JsonObject {
  const isSaid = (field: string): boolean =>
    object[field] !== undefined && object[field] !== null && object[field] !== '';
  return Object.fromEntries(fields.filter(isSaid).map((field) => [field, object[field]]));
}

function without(object: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([field, value]) => !fields.includes(field) && value !== null),
  );
}

function unknown(spec: JsonObject, known: readonly string[]): readonly string[] {
  return Object.keys(spec)
    .filter((field) => !known.includes(field))
    .map((field) => `spec.${field}`);
}

/** Where a number is that JavaScript can not hold; undefined without one. */
function inexactNumber(value: unknown, path: string): string | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = inexactNumber(item, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function refused(problem: string): Conversion {
  return { kind: 'refused', problem };
}
