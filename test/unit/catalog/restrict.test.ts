import { restrictCatalog } from '../../../src/catalog/restrict.ts';
import { convert, namespacedBroker, plan, scopeOfBroker, service, clusterBroker } from './catalog-fixture.ts';

const catalog = {
  services: [
    service({
      id: 's-db',
      name: 'postgresql',
      plans: [
        plan({ id: 'p-small', name: 'small', free: true }),
        plan({ id: 'p-large', name: 'large', free: false }),
      ],
    }),
    service({ id: 's-mq', name: 'rabbitmq', plans: [plan({ id: 'p-mq', name: 'small', free: false })] }),
  ],
};

describe('catalog restrictions', () => {
  const cases: readonly [string, object | null | undefined, classes: string[], plans: string[]][] = [
    ['none', undefined, ['postgresql', 'rabbitmq'], ['p-small', 'p-large', 'p-mq']],
    ['null', null, ['postgresql', 'rabbitmq'], ['p-small', 'p-large', 'p-mq']],
    [
      'empty lists',
      { serviceClass: [], servicePlan: [] },
      ['postgresql', 'rabbitmq'],
      ['p-small', 'p-large', 'p-mq'],
    ],
    [
      'a class by name',
      { serviceClass: ['spec.externalName=postgresql'] },
      ['postgresql'],
      ['p-small', 'p-large'],
    ],
    ['a class by id', { serviceClass: ['spec.externalID in (s-mq)'] }, ['rabbitmq'], ['p-mq']],
    [
      'a class by its Kubernetes name',
      { serviceClass: ['name notin (s-mq)'] },
      ['postgresql'],
      ['p-small', 'p-large'],
    ],
    ['free plans only', { servicePlan: ['spec.free=true'] }, ['postgresql'], ['p-small']],
    ['no free plans', { servicePlan: ['spec.free!=true'] }, ['postgresql', 'rabbitmq'], ['p-large', 'p-mq']],
    [
      'a plan by name, in every class',
      { servicePlan: ['spec.externalName=small'] },
      ['postgresql', 'rabbitmq'],
      ['p-small', 'p-mq'],
    ],
    ['plans by class', { servicePlan: ['spec.clusterServiceClass.name=s-mq'] }, ['rabbitmq'], ['p-mq']],
    [
      'several entries, all of which must hold',
      { servicePlan: ['spec.externalName=small', 'spec.free=false'] },
      ['rabbitmq'],
      ['p-mq'],
    ],
    [
      'one entry with several',
      { servicePlan: ['spec.externalName=small,spec.free=true'] },
      ['postgresql'],
      ['p-small'],
    ],
    [
      'classes and plans together',
      { serviceClass: ['spec.externalName in (postgresql)'], servicePlan: ['name=p-mq'] },
      [],
      [],
    ],
    ['nothing at all', { serviceClass: ['!name'] }, [], []],
  ];

  it.each(cases)('%s', (_name, restrictions, classes, plans) => {
    const result = restrictCatalog(convert(catalog), restrictions, scopeOfBroker(clusterBroker));
    if (result.kind === 'invalid') throw new Error(result.message);
    expect(result.catalog.classes.map(({ object }) => object.spec.externalName)).toEqual(classes);
    expect(result.catalog.plans.map(({ object }) => object.metadata.name)).toEqual(plans);
  });

  it('of a ServiceBroker know the class by spec.serviceClass.name', () => {
    const scope = scopeOfBroker(namespacedBroker);
    const desired = convert(catalog, namespacedBroker);
    const result = restrictCatalog(desired, { servicePlan: ['spec.serviceClass.name=s-mq'] }, scope);
    expect(result).toMatchObject({
      kind: 'restricted',
      catalog: { plans: [{ object: { metadata: { name: 'p-mq' } } }] },
    });
    expect(
      restrictCatalog(desired, { servicePlan: ['spec.clusterServiceClass.name=s-mq'] }, scope),
    ).toMatchObject({
      kind: 'invalid',
    });
  });

  it.each([{ serviceClass: ['spec.free=true'] }, { servicePlan: ['name in a'] }])(
    'that can not be read are quoted: %j',
    (restrictions) => {
      const result = restrictCatalog(convert(catalog), restrictions, scopeOfBroker(clusterBroker));
      const [text] = Object.values(restrictions)[0] ?? [];
      expect(result).toEqual({ kind: 'invalid', message: expect.stringContaining(`"${text}"`) });
    },
  );
});
