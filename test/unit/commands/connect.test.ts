import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../src/commands/connect.ts';

const before = { ...process.env };
let kubeconfig: string;
beforeEach(async () => {
  kubeconfig = join(await mkdtemp(join(tmpdir(), 'bindery-connect-')), 'config');
  const named = (name: string, server: string): object => ({ name, cluster: { server } });
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [named('far', 'https://far.example:6443'), named('near', 'https://near.internal:6443')],
      users: [{ name: 'me', user: {} }],
      contexts: ['far', 'near'].map((name) => ({ name, context: { cluster: name, user: 'me' } })),
      'current-context': 'far',
    }),
  );
});
afterEach(async () => {
  process.env = { ...before };
  await rm(join(kubeconfig, '..'), { recursive: true });
});

it('goes by the proxy that the environment names for the API server, as kubectl does', async () => {
  Object.assign(process.env, { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: '.internal' });
  expect((await connect({ kubeconfig })).proxyUrl).toBe('http://proxy.example:3128');
  expect((await connect({ kubeconfig, context: 'near' })).proxyUrl).toBeUndefined();
});
