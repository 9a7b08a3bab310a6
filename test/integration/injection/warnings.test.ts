import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { deployments, pods } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { kubectlReader } from '../../support/kubelet-lite/kubectl-reader.ts';
import { resolvePod } from '../../support/kubelet-lite/resolve-pod.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { requestedFor } from '../workloads/requested-services.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const request = 'request/postgresql/small';

let world: ServiceWorld;
let bindery: BinderyProcess;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  bindery = await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

/** What a person sees who applies a Deployment with these annotations. */
async function apply(
  name: string,
  annotations: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stderr: string }> {
  const labels = { app: name };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  };
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: world.namespace, annotations },
    spec: { selector: { matchLabels: labels }, template },
  };
  const { code, stderr } = await world.controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
  return { code, stderr };
}

describe('(62) parameters', () => {
  it.each([
    ['are no JSON', '{"size":', 'neither a JSON object'],
    ['are larger than 64 KiB', JSON.stringify({ size: 'x'.repeat(65_600) }), 'larger than 64 KiB'],
  ])('that %s are refused when they are written', async (_what, params, text) => {
    const { code, stderr } = await apply('refused', { [bind]: request, [`params.${bind}`]: params });
    expect(code).not.toBe(0);
    expect(stderr).toContain(text);
    expect(await world.find(deployments, 'refused')).toBeUndefined();
  });

  it('that hold a password are used with a warning, and stand in no log', async () => {
    const params = '{"size":"2","adminPassword":"hunter2"}';
    const { code, stderr } = await apply('careless', { [bind]: request, [`params.${bind}`]: params });
    expect(code).toBe(0);
    expect(stderr).toMatch(/Warning: binding "db": params looks like it holds a secret/);
    expect(stderr).not.toContain('hunter2');
    const { login } = requestedFor(world.namespace, 'careless', 'db');
    await world.binding(login, isReady, 'is ready');
    const sent = world.broker
      .requestsOf('provision')
      .map(({ body }) => (body as { parameters?: unknown }).parameters);
    expect(sent).toEqual([JSON.parse(params)]);
    expect(await bindery.log()).not.toContain('hunter2');
    const { stdout } = await world.controlPlane.kubectl([
      'get',
      'events',
      '-n',
      world.namespace,
      '-o',
      'json',
    ]);
    expect(stdout).not.toContain('hunter2');
  });
});

it('(61) what can not be had is told to whoever asks for it', async () => {
  const problems = [
    ['request/postgres/small', 'There is no ClusterServiceClass with externalName "postgres"'],
    [
      'request/postgresql/smal',
      'The class "postgresql" has no plan with externalName "smal". It has fixed, large, small',
    ],
    [
      'request/postgresql/fixed',
      'Class "postgresql" with plan "fixed" can not be bound; ask for a bindable plan',
    ],
  ] as const;
  for (const [at, [source, text]] of problems.entries()) {
    const { code, stderr } = await apply(`wrong-${at}`, { [bind]: source });
    expect(code).toBe(0);
    expect(stderr).toContain(`Warning: binding "db": ${text}`);
  }
  const { instance } = requestedFor(world.namespace, 'wrong-2', 'db');
  expect(await world.find(serviceInstances, instance)).toBeUndefined();
});

it('(57) a variable whose name no shell can read is taken by the API server, with a warning', async () => {
  const names = ['my.url', 'my-url', '1url', 'url/of:db'];
  const env = names.map((name) => `${name}=uri`).join(',');
  const { code, stderr } = await apply('dotted', { [bind]: request, [`env.${bind}`]: env });
  expect(code).toBe(0);
  for (const name of names) expect(stderr).toContain(`"${name}" can not be read by a shell`);

  const { login } = requestedFor(world.namespace, 'dotted', 'db');
  await world.binding(login, isReady, 'is ready');
  const { uri } = await world.secret(login);
  const query = { namespace: world.namespace, labelSelector: 'app=dotted' };
  const pod = await waitFor(async () => (await world.client.list<KubeObject>(pods, query)).items[0], {
    describe: 'a Pod of the Deployment',
  });
  const resolved = await resolvePod(kubectlReader(world.controlPlane.kubectl), pod as never);
  if (resolved.kind === 'waiting') throw new Error(resolved.message);
  expect(resolved.containers['main']).toMatchObject({
    env: Object.fromEntries(names.map((name) => [name, uri])),
  });
});
