import { sha224Hex } from '../../../src/base/hash.ts';
import { parseExact, type JsonObject } from '../../../src/base/json.ts';
import { convert, namespacedBroker, plan, service } from './catalog-fixture.ts';

const label = 'servicecatalog.k8s.io/spec.';

describe('the schemas of a plan', () => {
  it.each<[string, JsonObject, string]>([
    [
      'refers to another document',
      { $ref: 'http://broker.example/s' },
      'its $ref "http://broker.example/s" leads to another document',
    ],
    ['is not valid', { type: 'text' }, 'it is not valid: "#/type" must be a type or a list of types'],
    ['is of no draft that is known', { $schema: 'x' }, 'its $schema is no draft that is known'],
  ])(
    'H49 one that %s is kept, and it is said that nothing is checked against it',
    (_name, schema, problem) => {
      const schemas = { instanceCreate: schema };
      const { plans, skipped } = convert({ services: [service({ plans: [plan({ schemas })] })] });
      expect(plans[0]?.object.spec.instanceCreateParameterSchema).toEqual(schema);
      expect(skipped).toMatchObject([
        {
          path: expect.stringMatching(/\.schemas\.service_instance\.create\.parameters$/) as string,
          reason: `parameters are not checked against this schema: ${problem}`,
        },
      ]);
    },
  );
});

describe('a service and a plan', () => {
  it('become a ClusterServiceClass and a ClusterServicePlan of the broker', () => {
    const { classes, plans, skipped } = convert({ services: [service()] });
    const owner = {
      apiVersion: 'servicecatalog.k8s.io/v1beta1',
      kind: 'ClusterServiceBroker',
      name: 'acme',
      uid: 'broker-uid',
      controller: true,
      blockOwnerDeletion: false,
    };
    expect(skipped).toEqual([]);
    expect(classes.map(({ object }) => object)).toEqual([
      {
        apiVersion: 'servicecatalog.k8s.io/v1beta1',
        kind: 'ClusterServiceClass',
        metadata: {
          name: 'svc-1',
          labels: {
            [`${label}externalID`]: sha224Hex('svc-1'),
            [`${label}externalName`]: sha224Hex('postgresql'),
            [`${label}clusterServiceBrokerName`]: sha224Hex('acme'),
          },
          ownerReferences: [owner],
        },
        spec: {
          clusterServiceBrokerName: 'acme',
          externalName: 'postgresql',
          externalID: 'svc-1',
          description: 'A database',
          bindable: true,
          bindingRetrievable: false,
          planUpdatable: false,
        },
      },
    ]);
    expect(plans.map(({ object }) => object)).toEqual([
      {
        apiVersion: 'servicecatalog.k8s.io/v1beta1',
        kind: 'ClusterServicePlan',
        metadata: {
          name: 'pln-1',
          labels: {
            [`${label}externalID`]: sha224Hex('pln-1'),
            [`${label}externalName`]: sha224Hex('small'),
            [`${label}clusterServiceClassRef.name`]: sha224Hex('svc-1'),
            [`${label}clusterServiceBrokerName`]: sha224Hex('acme'),
          },
          ownerReferences: [owner],
        },
        spec: {
          clusterServiceBrokerName: 'acme',
          clusterServiceClassRef: { name: 'svc-1' },
          externalName: 'small',
          externalID: 'pln-1',
          description: 'One gigabyte',
          free: true,
        },
      },
    ]);
  });

  it('become a ServiceClass and a ServicePlan in the namespace of a ServiceBroker', () => {
    const { classes, plans } = convert({ services: [service()] }, namespacedBroker);
    expect(classes[0]?.object).toMatchObject({
      kind: 'ServiceClass',
      metadata: {
        namespace: 'shop',
        labels: { [`${label}serviceBrokerName`]: sha224Hex('acme') },
        ownerReferences: [{ kind: 'ServiceBroker', controller: true }],
      },
      spec: { serviceBrokerName: 'acme' },
    });
    expect(plans[0]?.object).toMatchObject({
      kind: 'ServicePlan',
      metadata: { namespace: 'shop', labels: { [`${label}serviceClassRef.name`]: sha224Hex('svc-1') } },
      spec: { serviceBrokerName: 'acme', serviceClassRef: { name: 'svc-1' } },
    });
  });

  it('have names that are escaped from their ids', () => {
    const { classes, plans } = convert({
      services: [service({ id: 'Svc-A', plans: [plan({ id: '../x' })] })],
    });
    expect(classes[0]?.object.metadata.name).toBe('z53zvc-z41z');
    expect(plans[0]?.object.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
  });

  it('keep every field of the catalog, in spec or status', () => {
    const schema = (title: string): JsonObject => ({
      $schema: 'http://json-schema.org/draft-04/schema#',
      title,
    });
    const { classes, plans } = convert({
      services: [
        service({
          bindable: false,
          planUpdateable: true,
          instancesRetrievable: true,
          bindingsRetrievable: true,
          allowContextUpdates: true,
          tags: ['sql'],
          requires: ['syslog_drain'],
          metadata: { displayName: 'P' },
          dashboardClient: { id: 'client', redirectUri: 'https://dashboard.example' },
          plans: [
            plan({
              free: false,
              bindable: true,
              planUpdateable: false,
              bindingRotatable: true,
              metadata: { bullets: ['x'] },
              maximumPollingDurationSeconds: 60,
              maintenanceInfo: { version: '1.2.3', description: 'newer' },
              schemas: {
                instanceCreate: schema('create'),
                instanceUpdate: schema('update'),
                bindingCreate: schema('bind'),
              },
            }),
          ],
        }),
      ],
    });
    expect(classes[0]?.object.spec).toMatchObject({
      bindable: false,
      planUpdatable: true,
      bindingRetrievable: true,
      tags: ['sql'],
      requires: ['syslog_drain'],
      externalMetadata: { displayName: 'P' },
    });
    expect(classes[0]?.status).toEqual({
      instancesRetrievable: true,
      allowContextUpdates: true,
      dashboardClient: { id: 'client', redirectURI: 'https://dashboard.example' },
    });
    expect(plans[0]?.object.spec).toMatchObject({
      free: false,
      bindable: true,
      externalMetadata: { bullets: ['x'] },
      instanceCreateParameterSchema: schema('create'),
      instanceUpdateParameterSchema: schema('update'),
      serviceBindingCreateParameterSchema: schema('bind'),
    });
    expect(plans[0]?.status).toEqual({
      planUpdatable: false,
      bindingRotatable: true,
      maximumPollingDurationSeconds: 60,
      maintenanceInfo: { version: '1.2.3', description: 'newer' },
    });
  });

  it('P21 leave out of the plan what only the service says', () => {
    const { plans } = convert({ services: [service({ planUpdateable: true, bindable: true })] });
    expect(plans[0]?.object.spec).not.toHaveProperty('bindable');
    expect(plans[0]?.status.planUpdatable).toBeUndefined();
  });

  it('P20 keep metadata as the API server will give it back', () => {
    const metadata = parseExact('{"amount":649.0,"id":12345678901234567890,"none":null}') as JsonObject;
    const { classes } = convert({ services: [service({ metadata })] });
    expect(classes[0]?.object.spec.externalMetadata).toEqual({
      amount: 649,
      id: Number('12345678901234567890'),
      none: null,
    });
  });

  it('P18 cut a description that is too long for an object', () => {
    const { classes } = convert({ services: [service({ description: 'x'.repeat(100_000) })] });
    expect(classes[0]?.object.spec.description).toHaveLength(32_768);
  });
});

describe('what can not be stored', () => {
  it('H36 leaves out a service with a name that is too long, and its plans, and names it', () => {
    const { classes, plans, skipped } = convert({
      services: [
        service({ id: 's-long', name: 'n'.repeat(1000), plans: [plan({ id: 'p-of-long' })] }),
        service(),
      ],
    });
    expect(classes).toHaveLength(1);
    expect(plans).toHaveLength(1);
    expect(skipped).toEqual([
      {
        path: 'services[id=s-long]',
        name: 'n'.repeat(1000),
        reason: 'its name is longer than 256 characters',
      },
    ]);
  });

  it('H36 accepts names of any script and leaves out those that are no Unicode', () => {
    const { classes, skipped } = convert({
      services: [service({ id: 'a', name: 'データベース' }), service({ id: 'b', name: 'x\ud800' })],
    });
    expect(classes.map(({ object }) => object.spec.externalName)).toEqual(['データベース']);
    expect(skipped).toMatchObject([{ path: 'services[id=b]', reason: 'its name is not valid Unicode' }]);
  });

  it.each([
    [
      'H49 a schema over 64 kB',
      plan({ schemas: { instanceCreate: big(70_000) } }),
      'instanceCreateParameterSchema',
    ],
    ['metadata over 256 kB', plan({ metadata: big(300_000) }), 'externalMetadata'],
    [
      'metadata with a number beyond all bounds',
      plan({ metadata: parseExact('{"n":1e400}') as JsonObject }),
      'externalMetadata',
    ],
  ])('leaves out %s, and keeps the plan', (_name, bad, field) => {
    const { plans, skipped } = convert({ services: [service({ plans: [bad] })] });
    expect(plans).toHaveLength(1);
    expect(plans[0]?.object.spec).not.toHaveProperty(field);
    expect(skipped).toMatchObject([
      { path: expect.stringContaining('services[id=svc-1].plans[id=pln-1]') as unknown, name: 'small' },
    ]);
  });
});

function big(sizeBytes: number): JsonObject {
  return { text: 'x'.repeat(sizeBytes) };
}
