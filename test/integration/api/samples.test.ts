import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from '../../cluster/cluster-access.ts';
import { sharedControlPlane } from '../../support/cluster.ts';
import { installDefinitions, root } from './catalog-cluster.ts';

const directory = join(root, 'deploy/samples');
let cluster: ClusterAccess;

beforeAll(async () => {
  cluster = await sharedControlPlane();
  await installDefinitions(cluster);
}, 60_000);

describe('the samples', () => {
  it.each(readdirSync(directory))('%s is accepted as it is, every field known', async (file) => {
    const apply = ['apply', '--dry-run=server', '--validate=strict', '-f', join(directory, file)];
    const { code, stderr } = await cluster.kubectl(apply);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
