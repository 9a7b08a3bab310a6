import { runningVersions, skewIn } from '../../../src/cli/running-versions.ts';
import type { KubeClient } from '../../../src/kube/client.ts';

function pod(role: string, image: string, isReady = true): object {
  return {
    metadata: { name: 'x', labels: { 'app.kubernetes.io/component': role } },
    spec: { containers: [{ image }] },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  };
}

async function versionsOf(...items: readonly object[]) {
  const client = { list: async () => ({ items, metadata: {} }) } as unknown as Pick<KubeClient, 'list'>;
  return runningVersions(client, 'bindery-system', new AbortController().signal);
}

it.each([
  ['localhost/bindery:0.1.0', '0.1.0'],
  ['registry.example.com:5000/team/bindery:0.2.0', '0.2.0'],
  ['registry.example.com/bindery:0.2.0@sha256:abc', '0.2.0'],
  ['registry.example.com:5000/bindery', 'unknown'],
  ['registry.example.com/bindery@sha256:abc', 'unknown'],
])('the version of image %s is %s', async (image, version) => {
  expect(await versionsOf(pod('webhook', image))).toEqual({ webhook: { [version]: 1 } });
});

it('Pods that are not ready do not run yet, or not any more', async () => {
  const found = await versionsOf(
    pod('webhook', 'b:1'),
    pod('webhook', 'b:2', false),
    pod('controller', 'b:1'),
  );
  expect(found).toEqual({ webhook: { 1: 1 }, controller: { 1: 1 } });
});

it.each([
  ['the same everywhere', { controller: { 1: 2 }, webhook: { 1: 2 } }, '1', undefined],
  ['an upgrade that did not end', { controller: { 1: 1, 2: 1 } }, '1', /did not end/],
  ['roles of two versions', { controller: { 1: 1 }, webhook: { 2: 1 } }, '1', /did not end/],
  ['an older client', { controller: { 2: 1 }, webhook: { 2: 1 } }, '1', /another version/],
  ['an image without a tag', { controller: { unknown: 1 } }, '1', undefined],
  ['nothing', {}, '1', undefined],
])('%s', (_what, running, own, told) => {
  const [line] = skewIn(running, own);
  if (told === undefined) expect(line).toBeUndefined();
  else expect(line).toMatch(told);
});
