import { key } from '../injection/pods.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { requestedName } from '../../../src/api/requested-identity.ts';
import { db, decide, deployment, world } from './workload-world.ts';
import { wishes } from './wish-world.ts';

const schema = { required: ['version'], properties: { size: { type: 'integer' } } };
const catalog = { schemas: { instanceCreateParameterSchema: schema } };
const params = key('params.bind', 'db');

async function warningsOf(
  annotations: Record<string, string>,
  instances: Record<string, ServiceInstance> = {},
) {
  const here = world([], { wishes: wishes({ ...catalog, instances }) });
  const { allowed, message, warnings = [] } = await decide(deployment({}, annotations), here);
  expect({ allowed, message }).toEqual({ allowed: true, message: undefined });
  return warnings.filter((warning) => warning.includes('parameters'));
}

describe('a workload that asks for a service with parameters that its plan does not take', () => {
  it.each<[string, Record<string, string>, readonly string[]]>([
    ['with none', { [db]: 'request/pg/small' }, ['spec.parameters.version is required']],
    [
      'with a wrong one',
      { [db]: 'request/pg/small', [params]: '{"version":1,"size":"x"}' },
      ['spec.parameters.size must be a whole number'],
    ],
    ['with what fits', { [db]: 'request/pg/small', [params]: '{"version":1}' }, []],
    ['with a Secret', { [db]: 'request/pg/small', [params]: 'secret:s/p' }, []],
    ['by a binding', { [db]: 'binding/known' }, []],
  ])('is warned: %s', async (_name, annotations, expected) => {
    const all = expected.map(
      (each) =>
        expect.stringMatching(
          `^binding "db": the parameters do not fit plan "pg/small": .*${each}`,
        ) as string,
    );
    expect(await warningsOf(annotations)).toEqual(all);
  });

  it('is not when the service is there', async () => {
    const workload = { kind: 'Deployment', name: 'web' };
    const name = requestedName('shop', { of: 'workload', workload, binding: 'db', class: 'pg' });
    expect(await warningsOf({ [db]: 'request/pg/small' }, { [name]: {} as ServiceInstance })).toEqual([]);
  });
});
