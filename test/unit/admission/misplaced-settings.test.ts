import type { JsonObject } from '../../../src/base/json.ts';
import { db, decide, deployment, world } from './workload-world.ts';

const asking = { [db]: 'request/pg/small' };
const retain = { 'servicecatalog.k8s.io/deletion-policy': 'retain' };

async function warningsOf(object: JsonObject): Promise<readonly string[]> {
  return (await decide(object, world())).warnings ?? [];
}

describe('what has an effect on instances and bindings alone', () => {
  it.each([
    ['the workload', deployment({ ...asking, ...retain })],
    ['its Pod template', deployment({}, { ...asking, ...retain })],
  ])('is warned about on %s', async (_place, object) => {
    expect(await warningsOf(object)).toEqual([
      'servicecatalog.k8s.io/deletion-policy has no effect on a workload: write it on its ServiceInstance or ServiceBinding',
    ]);
  });

  it.each([
    ['a workload that asks for nothing', deployment(retain)],
    [
      'other keys',
      deployment({
        ...asking,
        'servicecatalog.k8s.io/reclaim': 'keep',
        'example.com/deletion-policy': 'retain',
      }),
    ],
  ])('is of no concern on %s', async (_place, object) => {
    expect(await warningsOf(object)).toEqual([]);
  });
});
