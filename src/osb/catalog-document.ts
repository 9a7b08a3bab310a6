import { isObject, type JsonObject } from '../base/json.ts';
import { brokerText } from './broker-text.ts';
import { duplicateProblem } from './catalog-duplicates.ts';
import { decodePlan } from './catalog-plan.ts';
import { ItemReader } from './catalog-item.ts';
import { optional, stringField } from './decode.ts';
import type { Catalog, CatalogPlan, CatalogProblem, CatalogService } from './types.ts';

export type ParsedCatalog =
  | { readonly kind: 'catalog'; readonly catalog: Catalog; readonly problems: readonly CatalogProblem[] }
  /** The whole document is unusable: keep the last good one. */
  | { readonly kind: 'bad'; readonly problem: CatalogProblem };

/**
 * Body of `GET /v2/catalog` → services and plans. One bad item is left out and named, the rest is served. The whole
 * catalog is refused when there is no list of services, and when an id or name appears twice: nobody could say
 * which of the two is meant, and "the last wins" would move instances between plans.
 */
export function parseCatalog(document: JsonObject): ParsedCatalog {
  const services = document['services'];
  if (!Array.isArray(services)) {
    return { kind: 'bad', problem: { path: 'services', message: 'is not an array' } };
  }
  const duplicate = duplicateProblem(services);
  if (duplicate !== undefined) return { kind: 'bad', problem: duplicate };
  const problems: CatalogProblem[] = [];
  const catalog = {
    services: services.flatMap((value: unknown, index) => {
      const service = decodeService(value, `services[${index}]`, problems);
      return service === undefined ? [] : [service];
    }),
  };
  return { kind: 'catalog', catalog, problems };
}

function decodeService(value: unknown, path: string, problems: CatalogProblem[]): CatalogService | undefined {
  if (!isObject(value)) {
    problems.push({ path, message: 'is not an object' });
    return undefined;
  }
  const name = brokerText(value['name']);
  const reader = new ItemReader(value, path, name, problems);
  const required = {
    id: reader.requiredString('id'),
    name: reader.requiredString('name'),
    description: reader.requiredText('description'),
    bindable: reader.requiredBoolean('bindable'),
  };
  const plans = decodePlans(value['plans'], reader, problems);
  const flags = {
    planUpdateable: reader.boolean('plan_updateable') ?? false,
    instancesRetrievable: reader.boolean('instances_retrievable') ?? false,
    bindingsRetrievable: reader.boolean('bindings_retrievable') ?? false,
    allowContextUpdates: reader.boolean('allow_context_updates') ?? false,
  };
  if (!reader.usable) return undefined;
  return {
    ...required,
    ...flags,
    tags: reader.strings('tags'),
    requires: reader.strings('requires'),
    ...optional('metadata', reader.freeForm('metadata')),
    ...optional('dashboardClient', dashboardClient(reader.object('dashboard_client'))),
    plans,
  };
}

function decodePlans(
  value: unknown,
  service: ItemReader,
  problems: CatalogProblem[],
): readonly CatalogPlan[] {
  if (!Array.isArray(value)) {
    service.refuse('plans', 'is not an array');
    return [];
  }
  const plans = value.flatMap((item: unknown, index) => {
    const plan = decodePlan(item, `${service.path}.plans[${index}]`, problems);
    return plan === undefined ? [] : [plan];
  });
  if (plans.length === 0) service.refuse('plans', value.length === 0 ? 'is empty' : 'has no usable plan');
  return plans;
}

/** Without its secret: nothing here does Cloud Foundry's single sign-on, and objects are readable. */
function dashboardClient(client: JsonObject | undefined): CatalogService['dashboardClient'] {
  if (client === undefined) return undefined;
  return {
    ...optional('id', stringField(client, 'id')),
    ...optional('redirectUri', stringField(client, 'redirect_uri')),
  };
}
