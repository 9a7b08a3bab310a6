import { idMadeAnnotation } from '../api/group.ts';
import { maxParametersBytes, parametersField } from '../api/free-form.ts';
import type { ServiceInstance, ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { JsonText } from '../base/json-text.ts';
import { isObject, jsonEqual, type JsonObject } from '../base/json.ts';
import { withDefaults } from '../api/default-parameters.ts';
import { instanceAsked } from '../model/instance-of.ts';
import type { SchemaField } from '../model/parameter-schemas.ts';
import { isMarkOfNew } from '../model/id-mark.ts';
import type { Offering } from '../model/resolve.ts';
import { unfitParameters, type KnownParameters } from '../model/unfit-parameters.ts';
import type { Schema } from '../schemas/read-schema.ts';
import type { ObjectPatch } from './object-patch.ts';
import type { AdmissionRequest } from './review.ts';

/** What wishes are held against. */
export interface WishDeps {
  /** Class and plan of the spec of an instance; undefined when they are not known. */
  readonly offeringOf: (spec: ServiceInstanceSpec, namespace: string) => Offering | undefined;
  readonly instance: (namespace: string, name: string) => ServiceInstance | undefined;
  /** Undefined when there is no schema that can be used, and when it could not be read: never rejects. */
  readonly findSchema: (
    offering: Offering,
    field: SchemaField,
    timeoutMs: number,
  ) => Promise<Schema | undefined>;
}

export interface UnfitWish {
  readonly message: string;
  /** What is there may have been made so long ago: it is told, and nothing is refused. */
  readonly isTold: boolean;
}

/** It came with its id: what the broker has under it may have been made long ago. */
export function isOfBefore(patch: ObjectPatch): boolean {
  return !isMarkOfNew(patch.value('metadata', 'annotations', idMadeAnnotation));
}

interface Question extends KnownParameters {
  readonly offering: Offering;
  readonly field: SchemaField;
}

/**
 * Why the broker would refuse the parameters of this write, as far as that is certain. Only what the write itself changes
 * is looked at, and nothing of what is being deleted: a schema that has changed since stops nobody.
 * @param patch the object as it will be stored
 */
export async function unfitWish(
  request: AdmissionRequest,
  patch: ObjectPatch,
  oldSpec: JsonObject,
  deps: WishDeps,
  timeoutMs: number,
): Promise<UnfitWish | undefined> {
  const spec = patch.object('spec') ?? {};
  if (patch.value('metadata', 'deletionTimestamp') !== undefined) return undefined;
  const isNew = request.operation === 'CREATE';
  const question = isNew
    ? newQuestion(request.kind, request.namespace, spec, deps)
    : request.kind === 'ServiceInstance'
      ? changeQuestion(request, spec, oldSpec, deps)
      : undefined;
  const message = await answer(question, deps, timeoutMs);
  if (message === undefined) return undefined;
  return { message, isTold: isNew && isOfBefore(patch) };
}

/** The same for the spec of an instance that does not exist yet. */
export async function unfitSpec(
  spec: JsonObject,
  namespace: string,
  deps: WishDeps,
  timeoutMs: number,
): Promise<string | undefined> {
  return answer(instanceQuestion(namespace, spec, deps), deps, timeoutMs);
}

async function answer(
  question: Question | undefined,
  deps: WishDeps,
  timeoutMs: number,
): Promise<string | undefined> {
  if (question === undefined) return undefined;
  const schema = await deps.findSchema(question.offering, question.field, timeoutMs);
  return schema && unfitParameters(schema, question, question.offering);
}

function newQuestion(
  kind: string,
  namespace: string,
  spec: JsonObject,
  deps: WishDeps,
): Question | undefined {
  if (kind === 'ServiceInstance') return instanceQuestion(namespace, spec, deps);
  if (kind !== 'ServiceBinding') return undefined;
  const place = instanceAsked(namespace, spec);
  const instance = place && deps.instance(place.namespace, place.name);
  const offering = instance && deps.offeringOf(instance.spec, place.namespace);
  return asked(offering, 'serviceBindingCreateParameterSchema', spec, {});
}

function instanceQuestion(
  namespace: string,
  spec: JsonObject,
  { offeringOf }: WishDeps,
): Question | undefined {
  const offering = offeringOf(spec, namespace);
  const { class: ofClass, plan } = offering ?? {};
  const defaults = withDefaults(
    ofClass?.spec.defaultProvisionParameters,
    plan?.spec.defaultProvisionParameters ?? {},
  );
  return asked(offering, 'instanceCreateParameterSchema', spec, defaults);
}

/** An instance that the broker was never asked for is as good as new; while the first request is open, nobody knows. */
function changeQuestion(
  request: AdmissionRequest,
  spec: JsonObject,
  oldSpec: JsonObject,
  deps: WishDeps,
): Question | undefined {
  const isSame = (field: string): boolean => jsonEqual(spec[field] ?? null, oldSpec[field] ?? null);
  const hasPlan = planRefs.every(isSame);
  if (hasPlan && isSame(parametersField) && isSame('parametersFrom')) return undefined;
  const { status } = (request.oldObject ?? {}) as { readonly status?: ServiceInstance['status'] };
  // Which plan's schema counts while the plan changes, OSB does not say.
  if (status?.externalProperties) return hasPlan ? updateQuestion(request, spec, oldSpec, deps) : undefined;
  const isOpen = Boolean(status?.inProgressProperties) || status?.provisionStatus === 'Provisioned';
  return isOpen ? undefined : instanceQuestion(request.namespace, spec, deps);
}

/** Its schema may name what can be changed and nothing else: what stays as it is is no part of the question. */
function updateQuestion(
  { namespace, oldObject }: AdmissionRequest,
  spec: JsonObject,
  oldSpec: JsonObject,
  deps: WishDeps,
): Question | undefined {
  const { status } = (oldObject ?? {}) as { readonly status?: ServiceInstance['status'] };
  const defaults = status?.defaultProvisionParameters ?? {};
  const offering = deps.offeringOf(spec, namespace);
  const all = asked(offering, 'instanceUpdateParameterSchema', spec, defaults);
  const before = asked(offering, 'instanceUpdateParameterSchema', oldSpec, defaults);
  if (all === undefined || before === undefined) return undefined;
  return { ...all, parameters: changed(all.parameters, before.parameters), isPartial: true };
}

const planRefs = ['clusterServicePlanRef', 'servicePlanRef'];

function asked(
  offering: Offering | undefined,
  field: SchemaField,
  spec: JsonObject,
  defaults: JsonObject,
): Question | undefined {
  const own = parametersOf(spec);
  if (offering === undefined || own === undefined) return undefined;
  const all = withDefaults(defaults, own);
  const fromDefaults = new Set(Object.keys(all).filter((name) => !Object.hasOwn(own, name)));
  const { parametersFrom } = spec;
  const isPartial = Array.isArray(parametersFrom) && parametersFrom.length > 0;
  // What a Secret holds wins over a default, and nobody here may look into it.
  const parameters = isPartial ? without(all, fromDefaults) : all;
  return { offering, field, parameters, isPartial, fromDefaults };
}

/** Undefined when they are too large or no object. */
function parametersOf({ [parametersField]: value }: JsonObject): JsonObject | undefined {
  if (value === undefined || value === null) return {};
  if (!(value instanceof JsonText)) return isObject(value) ? value : undefined;
  if (Buffer.byteLength(value.text) > maxParametersBytes) return undefined;
  try {
    const parsed = value.toJSON();
    return isObject(parsed) ? parsed : undefined;
  } catch {
    // Too deep: the controller refuses it.
    return undefined;
  }
}

/** As far as the person changed them. */
function changed(all: JsonObject, before: JsonObject): JsonObject {
  return without(all, new Set(Object.keys(all).filter((name) => jsonEqual(all[name], before[name]))));
}

function without(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));
}
