/** A catalog that shows every field once, as a broker would write it. */
export function sampleCatalog(): CatalogDocument {
  return {
    services: [
      {
        id: 'b2a3a9d6-0000-4000-8000-00000000db01',
        name: 'postgresql',
        description: 'A relational database',
        bindable: true,
        plan_updateable: true,
        instances_retrievable: true,
        bindings_retrievable: true,
        allow_context_updates: true,
        tags: ['relational', 'sql'],
        metadata: { displayName: 'PostgreSQL', documentationUrl: 'https://broker.example/docs' },
        plans: [
          {
            id: 'b2a3a9d6-0000-4000-8000-0000000000a1',
            name: 'small',
            description: 'One gigabyte',
            maintenance_info: { version: '1.0.0', description: 'PostgreSQL 18' },
            maximum_polling_duration: 600,
            metadata: { bullets: ['1 GB'] },
            schemas: {
              service_instance: {
                create: { parameters: parameterSchema() },
                update: { parameters: parameterSchema() },
              },
              service_binding: { create: { parameters: parameterSchema() } },
            },
          },
          {
            id: 'b2a3a9d6-0000-4000-8000-0000000000a2',
            name: 'large',
            description: 'A hundred gigabytes',
            free: false,
            binding_rotatable: true,
          },
          {
            id: 'b2a3a9d6-0000-4000-8000-0000000000a3',
            name: 'fixed',
            description: 'Never changes',
            plan_updateable: false,
            bindable: false,
          },
        ],
      },
      {
        id: 'b2a3a9d6-0000-4000-8000-00000000ca01',
        name: 'cache',
        description: 'A cache whose answers can not be fetched again',
        bindable: true,
        plans: [{ id: 'b2a3a9d6-0000-4000-8000-0000000000c1', name: 'default', description: 'The only one' }],
      },
    ],
  };
}

/** What the broker itself reads of a catalog; anything may be added. */
export interface CatalogDocument {
  readonly services: readonly ServiceDocument[];
  readonly [extra: string]: unknown;
}

export interface ServiceDocument {
  readonly id: string;
  readonly bindable?: boolean;
  readonly plan_updateable?: boolean;
  readonly instances_retrievable?: boolean;
  readonly bindings_retrievable?: boolean;
  readonly allow_context_updates?: boolean;
  readonly plans: readonly PlanDocument[];
  readonly [extra: string]: unknown;
}

export interface PlanDocument {
  readonly id: string;
  readonly bindable?: boolean;
  readonly plan_updateable?: boolean;
  readonly binding_rotatable?: boolean;
  readonly maintenance_info?: { readonly version: string; readonly description?: string };
  readonly [extra: string]: unknown;
}

function parameterSchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-04/schema#',
    type: 'object',
    properties: { size: { description: 'How large it is' } },
  };
}
