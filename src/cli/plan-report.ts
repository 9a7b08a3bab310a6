import { termsOf } from '../api/offering-terms.ts';
import { withDefaults } from '../api/default-parameters.ts';
import type { ClusterServiceClass } from '../api/generated/cluster-service-class.ts';
import type { ClusterServicePlan } from '../api/generated/cluster-service-plan.ts';
import type { ServiceClass } from '../api/generated/service-class.ts';
import type { ServicePlan } from '../api/generated/service-plan.ts';
import { jsonOf } from '../base/lazy-json.ts';
import type { JsonObject } from '../base/json.ts';
import { listParameters, type Parameter } from '../schemas/parameter-list.ts';
import { readSchema } from '../schemas/read-schema.ts';

export type AnyPlan = ClusterServicePlan | ServicePlan;
export type AnyClass = ClusterServiceClass | ServiceClass;

/** What parameters of one kind there are. Of no schema everything may be sent, and the broker judges. */
export interface TakenParameters {
  readonly parameters: readonly Parameter[];
  /** True where the schema lets others through. */
  readonly others: boolean;
  /** Why there is no list, or none that is whole; null when it is. */
  readonly note: string | null;
}

/** The form of `-o json`: fields may be added, and stay. */
export interface PlanReport {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
  readonly class: string;
  readonly plan: string;
  readonly description: string;
  readonly free: boolean;
  readonly bindable: boolean;
  readonly removed: boolean;
  /** Label selectors: a namespace that may have it has the labels of all. None when every namespace may. */
  readonly namespaces: readonly string[];
  /** How many instances a namespace may have of the plan, and of all plans of the class; null without a limit. */
  readonly maxPerNamespace: { readonly plan: number | null; readonly class: number | null };
  /** Those that an administrator set on class and plan. */
  readonly defaults: JsonObject;
  readonly create: TakenParameters;
  readonly update: TakenParameters;
  readonly bind: TakenParameters;
}

const nothing = { parameters: [], others: true } as const;

/** What can be said of a plan, for people and scripts. */
export function planReport(kind: string, plan: AnyPlan, ofClass: AnyClass): PlanReport {
  const { metadata, spec, status } = plan;
  const defaults = withDefaults(
    ofClass.spec.defaultProvisionParameters,
    spec.defaultProvisionParameters ?? {},
  );
  const terms = { plan: termsOf(plan), class: termsOf(ofClass) };
  const create = taken(plan, 'instanceCreateParameterSchema');
  return {
    kind,
    name: metadata.name,
    namespace: metadata.namespace ?? null,
    class: ofClass.spec.externalName,
    plan: spec.externalName,
    description: spec.description ?? '',
    free: spec.free ?? true,
    bindable: spec.bindable ?? ofClass.spec.bindable ?? false,
    removed: status?.removedFromBrokerCatalog === true,
    namespaces: [terms.class.namespaces, terms.plan.namespaces].filter((each) => each !== undefined),
    maxPerNamespace: {
      plan: terms.plan.maxPerNamespace ?? null,
      class: terms.class.maxPerNamespace ?? null,
    },
    defaults,
    create: { ...create, parameters: create.parameters.map((each) => withDefault(each, defaults)) },
    update: taken(plan, 'instanceUpdateParameterSchema'),
    bind: taken(plan, 'serviceBindingCreateParameterSchema'),
  };
}

function taken({ spec }: AnyPlan, field: string): TakenParameters {
  const text = jsonOf(spec, field);
  if (text === undefined || text === 'null') return { ...nothing, note: 'the broker gives no schema' };
  const read = readSchema(text);
  if (read.kind === 'unusable') return { ...nothing, note: `the schema can not be used: ${read.problem}` };
  const { parameters, others, isPartial } = listParameters(read.schema);
  return { parameters, others, note: isPartial ? 'the schema says more than this list' : null };
}

/** What an administrator sets is sent; what a schema calls a default may be what the broker takes. */
function withDefault(parameter: Parameter, defaults: JsonObject): Parameter {
  const { name } = parameter;
  return Object.hasOwn(defaults, name) ? { ...parameter, default: defaults[name] } : parameter;
}
