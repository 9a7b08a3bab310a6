import { parseCatalog } from '../../../src/osb/catalog-document.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';

const plan = (more: object = {}): object => ({ id: 'p1', name: 'small', description: 'd', ...more });
const service = (more: object = {}): object => ({
  id: 's1',
  name: 'db',
  description: 'd',
  bindable: true,
  plans: [plan()],
  ...more,
});
/** Fields that do not clash with those of the first. */
const other = { id: 'x', name: 'x', plans: [plan({ id: 'px' })] };
const parse = (...services: readonly unknown[]) => parseCatalog({ services });

describe('a catalog', () => {
  it('is decoded with all its fields', () => {
    const parsed = parseCatalog(sampleCatalog());
    expect(parsed).toMatchObject({
      kind: 'catalog',
      problems: [],
      catalog: {
        services: [
          {
            name: 'postgresql',
            instancesRetrievable: true,
            bindingsRetrievable: true,
            allowContextUpdates: true,
            planUpdateable: true,
            tags: ['relational', 'sql'],
            plans: [
              {
                name: 'small',
                free: true,
                maintenanceInfo: { version: '1.0.0', description: 'PostgreSQL 18' },
                maximumPollingDurationSeconds: 600,
                schemas: { instanceCreate: {}, instanceUpdate: {}, bindingCreate: {} },
              },
              { name: 'large', free: false, bindingRotatable: true },
              { name: 'fixed', planUpdateable: false, bindable: false },
            ],
          },
          { name: 'cache', instancesRetrievable: false, planUpdateable: false, requires: [] },
        ],
      },
    });
  });

  it('may be empty', () => {
    expect(parse()).toEqual({ kind: 'catalog', catalog: { services: [] }, problems: [] });
  });

  it('never carries the secret of a dashboard client', () => {
    const parsed = parse(
      service({ dashboard_client: { id: 'i', secret: 'hush', redirect_uri: 'https://r' } }),
    );
    expect(parsed).toMatchObject({
      catalog: { services: [{ dashboardClient: { id: 'i', redirectUri: 'https://r' } }] },
    });
    expect(JSON.stringify(parsed)).not.toContain('hush');
  });

  it('reads null of an optional field as absent', () => {
    const nothing = {
      tags: null,
      metadata: null,
      requires: null,
      plan_updateable: null,
      dashboard_client: null,
    };
    const nothingInPlan = {
      free: null,
      bindable: null,
      schemas: null,
      maintenance_info: null,
      metadata: null,
    };
    const parsed = parse(service({ ...nothing, plans: [plan(nothingInPlan)] }));
    expect(parsed).toEqual(parse(service()));
    expect(parsed).toMatchObject({ problems: [] });
  });

  it('ignores fields that nobody knows', () => {
    expect(parse(service({ plans: [plan({ x: 1 })], y: { z: [] } }))).toEqual(parse(service()));
  });
});

describe('a bad item of a catalog', () => {
  it.each([
    ['service', 'not an object', 'text', 'services[1]', 'is not an object'],
    [
      'service',
      'without id',
      service({ ...other, id: undefined }),
      'services[1].id',
      'is not a non-empty string',
    ],
    [
      'service',
      'with an empty name',
      service({ ...other, name: '' }),
      'services[1].name',
      'is not a non-empty string',
    ],
    [
      'service',
      'with text for a flag',
      service({ ...other, bindable: 'true' }),
      'services[1].bindable',
      'is neither true nor false',
    ],
    [
      'service',
      'without bindable',
      service({ ...other, bindable: undefined }),
      'services[1].bindable',
      'is missing',
    ],
    [
      'service',
      'without description',
      service({ ...other, description: undefined }),
      'services[1].description',
      'is not a string',
    ],
    ['service', 'without plans', service({ ...other, plans: [] }), 'services[1].plans', 'is empty'],
    [
      'service',
      'with plans of another type',
      service({ ...other, plans: {} }),
      'services[1].plans',
      'is not an array',
    ],
  ])('%s %s is left out and named, the rest is served', (_kind, _name, bad, path, message) => {
    const parsed = parse(service(), bad, service({ id: 's3', name: 'third', plans: [plan({ id: 'p3' })] }));
    expect(parsed).toMatchObject({ kind: 'catalog', catalog: { services: [{ id: 's1' }, { id: 's3' }] } });
    expect(parsed).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ path, message })]) as unknown,
    });
  });

  it('names a bad plan and serves the others', () => {
    const parsed = parse(service({ plans: [plan({ id: 7 }), plan({ id: 'p2', name: 'two' })] }));
    expect(parsed).toMatchObject({
      catalog: { services: [{ plans: [{ id: 'p2' }] }] },
      problems: [{ path: 'services[0].plans[0].id', name: 'small', message: 'is not a non-empty string' }],
    });
  });

  it('takes its service with it when no plan is left', () => {
    const parsed = parse(service({ plans: [plan({ free: 'no' })] }));
    expect(parsed).toMatchObject({
      catalog: { services: [] },
      problems: [
        { path: 'services[0].plans[0].free', message: 'is neither true nor false' },
        { path: 'services[0].plans', name: 'db', message: 'has no usable plan' },
      ],
    });
  });

  it.each([
    [{ metadata: [] }, 'metadata'],
    [{ maximum_polling_duration: -1 }, 'maximum_polling_duration'],
    [{ maximum_polling_duration: '60' }, 'maximum_polling_duration'],
    [{ maintenance_info: {} }, 'maintenance_info.version'],
    [
      { schemas: { service_binding: { create: { parameters: 'x' } } } },
      'schemas.service_binding.create.parameters',
    ],
  ])('loses only the field when it is optional: %j', (field, path) => {
    const parsed = parse(service({ plans: [plan(field)] }));
    expect(parsed).toMatchObject({
      catalog: { services: [{ plans: [{ id: 'p1' }] }] },
      problems: [{ path: `services[0].plans[0].${path}` }],
    });
  });

  it('loses a schema of more than 64 KiB', () => {
    const schemas = (size: number): object => ({
      service_instance: { create: { parameters: { $comment: 'x'.repeat(size) } } },
    });
    expect(parse(service({ plans: [plan({ schemas: schemas(65_000) })] }))).toMatchObject({ problems: [] });
    const parsed = parse(service({ plans: [plan({ schemas: schemas(66_000) })] }));
    expect(parsed).toMatchObject({ problems: [{ message: 'is larger than 64 KiB and was ignored' }] });
    expect(JSON.stringify(parsed)).not.toContain('xxx');
  });

  it('has its name made printable', () => {
    const parsed = parse(service({ name: 'a\u001b[2Jb', id: '' }));
    expect(parsed).toMatchObject({ problems: [{ name: 'a b' }] });
  });
});

describe('a catalog in which something appears twice (H09)', () => {
  const second = (more: object): object =>
    service({ id: 's2', name: 'two', plans: [plan({ id: 'p2' })], ...more });

  it.each([
    ['a service id', second({ id: 's1' }), 'services[1].id', '"s1" is already at services[0].id'],
    ['a service name', second({ name: 'db' }), 'services[1].name', '"db" is already at services[0].name'],
    [
      'a plan id',
      second({ plans: [plan()] }),
      'services[1].plans[0].id',
      '"p1" is already at services[0].plans[0].id',
    ],
    [
      'a plan name in one service',
      second({ plans: [plan({ id: 'p2' }), plan({ id: 'p3' })] }),
      'services[1].plans[1].name',
      '"small" is already at services[1].plans[0].name',
    ],
  ])('is refused as a whole: %s', (_name, twin, path, message) => {
    expect(parse(service(), twin)).toEqual({ kind: 'bad', problem: { path, message } });
  });

  it('is fine when names differ in case, or plans of two services share a name', () => {
    expect(parse(service({ name: 'Foo' }), second({ name: 'foo' }))).toMatchObject({
      kind: 'catalog',
      problems: [],
    });
  });

  it('is refused although the first of the two is bad', () => {
    expect(parse(service({ bindable: 1 }), second({ id: 's1' }))).toMatchObject({ kind: 'bad' });
  });
});

describe('a large catalog', () => {
  it('of 10,000 plans is read without quadratic work', () => {
    const services = Array.from({ length: 100 }, (_, s) =>
      service({
        id: `s${s}`,
        name: `n${s}`,
        plans: Array.from({ length: 100 }, (_, p) => plan({ id: `s${s}p${p}`, name: `n${p}` })),
      }),
    );
    const parsed = parse(...services);
    expect(parsed.kind === 'catalog' && parsed.catalog.services.flatMap(({ plans }) => plans)).toHaveLength(
      10_000,
    );
  });
});
