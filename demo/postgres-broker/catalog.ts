import { bindingParametersSchema, instanceParametersSchema } from './parameters.ts';

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly bullets: readonly string[];
  /** True when provisioning answers at once with 202 and is polled. */
  readonly asynchronous: boolean;
  readonly connectionLimit: number;
}

export const serviceId = '6d1f0b6e-3a0f-4d0c-9a8f-0f6f6a3c5b11';

export const plans: readonly Plan[] = [
  {
    id: '0b3c1a52-7d8e-4f3f-8c55-5d3c8f0a7b21',
    name: 'small',
    description: 'A database on a shared server, ready at once',
    bullets: ['Up to 10 sessions', 'Created while you wait'],
    asynchronous: false,
    connectionLimit: 10,
  },
  {
    id: '5e0a4c7d-91b4-4e6a-b1f3-2f5f9d6c8e32',
    name: 'large',
    description: 'A database on a shared server with more sessions, created in the background',
    bullets: ['Up to 50 sessions', 'Created in the background and polled'],
    asynchronous: true,
    connectionLimit: 50,
  },
];

const schemas = {
  service_instance: {
    create: { parameters: instanceParametersSchema },
    update: { parameters: instanceParametersSchema },
  },
  service_binding: { create: { parameters: bindingParametersSchema } },
};

/** The answer to GET /v2/catalog (OSB 2.17, "Catalog Management"). */
export const catalog = {
  services: [
    {
      id: serviceId,
      name: 'postgresql',
      description: 'A PostgreSQL database of your own: one database per instance, one login per binding',
      bindable: true,
      instances_retrievable: true,
      bindings_retrievable: true,
      plan_updateable: true,
      tags: ['postgresql', 'sql', 'relational', 'database'],
      metadata: {
        displayName: 'PostgreSQL',
        longDescription:
          'Creates a PostgreSQL database for each instance. Each binding gets a login role with a random ' +
          'password and full rights inside that database, and none outside of it. Removing a binding ends ' +
          'its sessions; what it has created stays with the database.',
        providerDisplayName: 'Bindery demo',
        documentationUrl: 'https://www.postgresql.org/docs/',
      },
      plans: plans.map((plan) => ({
        id: plan.id,
        name: plan.name,
        description: plan.description,
        free: true,
        bindable: true,
        binding_rotatable: true,
        maximum_polling_duration: 300,
        metadata: { displayName: plan.name, bullets: plan.bullets },
        schemas,
      })),
    },
  ],
} as const;
