import { randomUUID } from 'node:crypto';
import type { CatalogDocument, ServiceDocument } from '../../support/test-broker/sample-catalog.ts';

/** A catalog with ids of its own, so that tests in one cluster do not meet: two services with three plans. */
export function testCatalog(): CatalogDocument {
  return {
    services: [
      testService('database', {
        plans: [testPlan('small'), testPlan('large', { free: false })],
      }),
      testService('cache', { plans: [testPlan('cache-plan')] }),
    ],
  };
}

export function testService(name: string, changes: Readonly<Record<string, unknown>> = {}): ServiceDocument {
  return {
    id: randomUUID(),
    name,
    description: `The ${name}`,
    bindable: true,
    metadata: {},
    plans: [testPlan(`${name}-plan`)],
    ...changes,
  };
}

export function testPlan(name: string, changes: Readonly<Record<string, unknown>> = {}) {
  return { id: randomUUID(), name, description: `Plan ${name}`, ...changes };
}
