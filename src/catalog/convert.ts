import { apiVersion } from '../api/group.ts';
import type { SkippedCatalogItem } from '../api/generated/shared-types.ts';
import { queryLabels } from '../api/labels.ts';
import { JsonText } from '../base/json-text.ts';
import { copyLazily } from '../base/lazy-json.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { brokerRefOf } from '../brokers/broker-ref.ts';
import { isBuiltIn } from '../brokers/built-in-broker.ts';
import type { OwnerReference } from '../base/object-meta.ts';
import type { Resource } from '../kube/resources.ts';
import { readSchema } from '../schemas/read-schema.ts';
import type { Catalog, CatalogPlan, CatalogService } from '../osb/types.ts';
import type { ClassStatusFacts, PlanStatusFacts } from './item-status.ts';
import { type AnyClass, type AnyPlan, type CatalogScope, type ClassFacts, type PlanFacts } from './scope.ts';
import { skipped } from './skipped-item.ts';
import { storedField, type FreeForm } from './stored-field.ts';

/** A class or plan that there should be, and where in the catalog it comes from. */
export interface DesiredItem<T, F> {
  readonly path: string;
  /** Without status. */
  readonly object: T;
  /** The catalog's fields that v1beta1 keeps in no spec field. */
  readonly status: F;
}

export type DesiredClass = DesiredItem<AnyClass, ClassStatusFacts>;
export type DesiredPlan = DesiredItem<AnyPlan, PlanStatusFacts>;

export interface DesiredCatalog {
  readonly classes: readonly DesiredClass[];
  readonly plans: readonly DesiredPlan[];
  /** What could not be used, or not whole. */
  readonly skipped: readonly SkippedCatalogItem[];
}

export interface ConvertContext {
  readonly scope: CatalogScope;
  readonly broker: AnyBroker;
  /** Kubernetes names for ids: of the object that has the id already, else a new one. */
  readonly className: (id: string) => string;
  readonly planName: (id: string) => string;
}

/** What the CRDs allow for names and ids. */
const maxNameLength = 256;
const maxDescriptionLength = 32_768;
/** OSB, Service Plan Object: schemas must not be larger. */
const maxSchemaBytes = 64 * 1024;
const maxMetadataBytes = 256 * 1024;

/** An OSB catalog → the classes and plans of a broker, before its restrictions. */
export function convertCatalog(catalog: Catalog, context: ConvertContext): DesiredCatalog {
  const notes: SkippedCatalogItem[] = [];
  const classes: DesiredClass[] = [];
  const plans: DesiredPlan[] = [];
  for (const service of catalog.services) {
    const path = `services[id=${service.id}]`;
    if (!isStorable(service, path, notes)) continue;
    const desired = convertService(service, path, context, notes);
    classes.push(desired);
    for (const plan of service.plans) {
      const planPath = `${path}.plans[id=${plan.id}]`;
      if (!isStorable(plan, planPath, notes)) continue;
      plans.push(convertPlan(plan, planPath, desired.object.metadata.name, context, notes));
    }
  }
  return { classes, plans, skipped: notes };
}

function convertService(
  service: CatalogService,
  path: string,
  { scope, broker, className }: ConvertContext,
  notes: SkippedCatalogItem[],
): DesiredClass {
  const facts: ClassFacts = {
    externalName: service.name,
    externalID: service.id,
    description: cut(service.description),
    bindable: service.bindable,
    bindingRetrievable: service.bindingsRetrievable,
    planUpdatable: service.planUpdateable,
    ...(service.tags.length > 0 ? { tags: service.tags.map((tag) => tag.toWellFormed()) } : {}),
    ...(service.requires.length > 0 ? { requires: service.requires.map((name) => name.toWellFormed()) } : {}),
  };
  const large = blob(
    'externalMetadata',
    service.metadata,
    maxMetadataBytes,
    `${path}.metadata`,
    service.name,
    notes,
  );
  const spec = copyLazily(scope.classSpec(broker.metadata.name, facts), large);
  const client = service.dashboardClient;
  return {
    path,
    object: objectOf<AnyClass>(scope.classes, className(service.id), spec, broker, scope),
    status: {
      instancesRetrievable: service.instancesRetrievable,
      allowContextUpdates: service.allowContextUpdates,
      dashboardClient:
        client === undefined
          ? undefined
          : {
              ...(client.id === undefined ? {} : { id: client.id.slice(0, 1024).toWellFormed() }),
              ...(client.redirectUri === undefined
                ? {}
                : { redirectURI: client.redirectUri.slice(0, 4096).toWellFormed() }),
            },
    },
  };
}

function convertPlan(
  plan: CatalogPlan,
  path: string,
  className: string,
  { scope, broker, planName }: ConvertContext,
  notes: SkippedCatalogItem[],
): DesiredPlan {
  const schema = (field: keyof PlanFacts, value: FreeForm | undefined, at: string): object =>
    schemaBlob(field, value, `${path}.schemas.${at}.parameters`, plan.name, notes);
  const facts: PlanFacts = {
    externalName: plan.name,
    externalID: plan.id,
    description: cut(plan.description),
    free: plan.free,
    ...(plan.bindable === undefined ? {} : { bindable: plan.bindable }),
  };
  const large = [
    blob('externalMetadata', plan.metadata, maxMetadataBytes, `${path}.metadata`, plan.name, notes),
    schema('instanceCreateParameterSchema', plan.schemas?.instanceCreate, 'service_instance.create'),
    schema('instanceUpdateParameterSchema', plan.schemas?.instanceUpdate, 'service_instance.update'),
    schema('serviceBindingCreateParameterSchema', plan.schemas?.bindingCreate, 'service_binding.create'),
  ];
  const spec = large.reduce<AnyPlan['spec']>(
    copyLazily,
    scope.planSpec(broker.metadata.name, className, facts),
  );
  const info = plan.maintenanceInfo;
  return {
    path,
    object: objectOf<AnyPlan>(scope.plans, planName(plan.id), spec, broker, scope),
    status: {
      planUpdatable: plan.planUpdateable,
      bindingRotatable: plan.bindingRotatable,
      maximumPollingDurationSeconds: plan.maximumPollingDurationSeconds,
      maintenanceInfo:
        info === undefined
          ? undefined
          : {
              version: info.version.slice(0, 1024).toWellFormed(),
              ...(info.description === undefined
                ? {}
                : { description: info.description.slice(0, 4096).toWellFormed() }),
            },
    },
  };
}

function objectOf<T extends AnyClass | AnyPlan>(
  resource: Resource,
  name: string,
  spec: T['spec'],
  broker: AnyBroker,
  scope: CatalogScope,
): T {
  const { namespace } = broker.metadata;
  return {
    apiVersion,
    kind: resource.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: queryLabels(resource.kind, spec),
      // What is built in has no object that could own it.
      ...(isBuiltIn(brokerRefOf(broker)) ? {} : { ownerReferences: [ownerReference(broker, scope)] }),
    },
    spec,
  } as unknown as T;
}

/** Not blocking: a broker waits for its instances by its finalizer, not for the garbage collector. */
export function ownerReference(broker: AnyBroker, scope: CatalogScope): OwnerReference {
  return {
    apiVersion,
    kind: scope.brokers.kind,
    name: broker.metadata.name,
    uid: broker.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: false,
  };
}

/** A field with a free-form value, or nothing and a note when it can not be stored. */
function blob(
  field: string,
  value: FreeForm | undefined,
  maxBytes: number,
  path: string,
  name: string,
  notes: SkippedCatalogItem[],
): object {
  if (value === undefined) return {};
  const stored = storedField(field, value, maxBytes);
  if (stored.kind === 'stored') return stored.holder;
  notes.push(skipped(path, name, `left out: ${stored.problem}`));
  return {};
}

/** What can not be used is kept all the same: it is the broker's word, and says something to people. */
function schemaBlob(
  field: string,
  value: FreeForm | undefined,
  path: string,
  name: string,
  notes: SkippedCatalogItem[],
): object {
  const stored = blob(field, value, maxSchemaBytes, path, name, notes);
  if (value === undefined || !Object.hasOwn(stored, field)) return stored;
  const read = readSchema(value instanceof JsonText ? value.text : value);
  if (read.kind === 'unusable') {
    notes.push(skipped(path, name, `parameters are not checked against this schema: ${read.problem}`));
  }
  return stored;
}

function isStorable(
  item: { readonly id: string; readonly name: string },
  path: string,
  notes: SkippedCatalogItem[],
): boolean {
  for (const field of ['id', 'name'] as const) {
    const text = item[field];
    if (Array.from(text).length > maxNameLength) {
      notes.push(skipped(path, item.name, `its ${field} is longer than ${maxNameLength} characters`));
      return false;
    }
    if (!text.isWellFormed()) {
      notes.push(skipped(path, item.name, `its ${field} is not valid Unicode`));
      return false;
    }
  }
  return true;
}

function cut(description: string): string {
  return description.slice(0, maxDescriptionLength).toWellFormed();
}
