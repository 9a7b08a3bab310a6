import type { WishDeps } from '../../../src/admission/unfit-wish.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import type { SchemaField } from '../../../src/model/parameter-schemas.ts';
import type { Offering } from '../../../src/model/resolve.ts';
import { readSchema } from '../../../src/schemas/read-schema.ts';

/** A catalog without schemas, and without instances. */
export const noWishes: WishDeps = {
  offeringOf: () => undefined,
  instance: () => undefined,
  findSchema: async () => undefined,
};

interface Catalog {
  readonly schemas: Partial<Record<SchemaField, JsonObject>>;
  readonly ofClass?: JsonObject;
  readonly ofPlan?: JsonObject;
  readonly instances?: Readonly<Record<string, ServiceInstance>>;
}

/** Class `pg` with plan `small`, whatever is asked for. */
export function wishes({ schemas, ofClass, ofPlan, instances = {} }: Catalog): WishDeps {
  const item = (name: string, defaults: JsonObject | undefined): object => ({
    metadata: { name },
    spec: { externalName: name, ...(defaults && { defaultProvisionParameters: defaults }) },
  });
  const offering = {
    scope: 'cluster',
    class: item('pg', ofClass),
    plan: item('small', ofPlan),
  } as unknown as Offering;
  return {
    offeringOf: () => offering,
    instance: (_namespace, name) => instances[name],
    findSchema: async (_offering, field) => {
      const schema = schemas[field];
      const read = schema && readSchema(JSON.stringify(schema));
      return read?.kind === 'schema' ? read.schema : undefined;
    },
  };
}
