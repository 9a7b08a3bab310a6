import { JsonText } from '../base/json-text.ts';
import { isObject, type JsonObject } from '../base/json.ts';
import { maintenanceInfo } from './answer-decoders.ts';
import { brokerText } from './broker-text.ts';
import { ItemReader } from './catalog-item.ts';
import { objectField, optional } from './decode.ts';
import type { CatalogPlan, CatalogProblem, PlanSchemas } from './types.ts';

/** The largest schema a broker may give (OSB, Input Parameters Schema Object). */
const maxSchemaBytes = 64 * 1024;

/** One plan of a catalog; `undefined` and an entry in `problems` when it is unusable. */
export function decodePlan(
  value: unknown,
  path: string,
  problems: CatalogProblem[],
): CatalogPlan | undefined {
  if (!isObject(value)) {
    problems.push({ path, message: 'is not an object' });
    return undefined;
  }
  const reader = new ItemReader(value, path, brokerText(value['name']), problems);
  const plan = {
    id: reader.requiredString('id'),
    name: reader.requiredString('name'),
    description: reader.requiredText('description'),
    free: reader.boolean('free') ?? true,
    ...optional('bindable', reader.boolean('bindable')),
    ...optional('planUpdateable', reader.boolean('plan_updateable')),
    bindingRotatable: reader.boolean('binding_rotatable') ?? false,
  };
  if (!reader.usable) return undefined;
  return {
    ...plan,
    ...optional('metadata', reader.freeForm('metadata')),
    ...optional('schemas', planSchemas(reader)),
    ...optional('maximumPollingDurationSeconds', reader.positiveInteger('maximum_polling_duration')),
    ...optional('maintenanceInfo', planMaintenance(reader)),
  };
}

function planMaintenance(reader: ItemReader): CatalogPlan['maintenanceInfo'] {
  const value = reader.object('maintenance_info');
  if (value === undefined) return undefined;
  const info = maintenanceInfo(value);
  if (info === undefined) reader.ignored('maintenance_info.version', 'is not a non-empty string');
  return info;
}

function planSchemas(reader: ItemReader): PlanSchemas | undefined {
  const schemas = reader.object('schemas');
  if (schemas === undefined) return undefined;
  const found = {
    ...optional('instanceCreate', schema(reader, schemas, 'service_instance', 'create')),
    ...optional('instanceUpdate', schema(reader, schemas, 'service_instance', 'update')),
    ...optional('bindingCreate', schema(reader, schemas, 'service_binding', 'create')),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

function schema(
  reader: ItemReader,
  schemas: JsonObject,
  of: string,
  action: string,
): JsonObject | JsonText | undefined {
  const parameters = objectField(objectField(schemas, of) ?? {}, action)?.['parameters'] ?? undefined;
  if (parameters === undefined) return undefined;
  const field = `schemas.${of}.${action}.parameters`;
  const isList = parameters instanceof JsonText && parameters.text.startsWith('[');
  if (!isObject(parameters) || isList) {
    reader.ignored(field, 'is not an object');
    return undefined;
  }
  const text = parameters instanceof JsonText ? parameters.text : JSON.stringify(parameters);
  if (Buffer.byteLength(text) > maxSchemaBytes) {
    reader.ignored(field, 'is larger than 64 KiB');
    return undefined;
  }
  return parameters;
}
