import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { startControlPlane, type ControlPlane } from '../../cluster/control-plane.ts';
import { runCli } from '../../support/run-cli.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const url = 'https://my-host.example.com:8443';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
}, 60_000);
afterAll(async () => {
  await plane?.stop();
});

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await plane.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function bindery(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCli(['install', '--kubeconfig', plane.kubeconfig, ...args]);
  if (code !== 0) throw new Error(`bindery install ${args.join(' ')}: ${stderr}`);
}

const applyFile = async (...args: readonly string[]): Promise<string> =>
  kubectl(['apply', '--server-side', ...args, '-f', join(root, 'deploy', 'install.yaml')]);

interface ClientConfig {
  readonly url?: string;
  readonly service?: { readonly name: string; readonly namespace: string };
  readonly caBundle?: string;
}

async function addresses(): Promise<readonly ClientConfig[]> {
  const text = await kubectl(['get', 'mutatingwebhookconfiguration', 'bindery', '-o', 'json']);
  const { webhooks } = JSON.parse(text) as { readonly webhooks: readonly { clientConfig: ClientConfig }[] };
  return webhooks.map(({ clientConfig }) => clientConfig);
}

/** As the controller does: a certificate in each entry, which no change of the way to install may lose. */
async function publishBundle(): Promise<string> {
  const text = await kubectl(['config', 'view', '--raw', '-o', 'json']);
  const cluster = JSON.parse(text) as {
    clusters: readonly [{ cluster: Record<string, string | undefined> }];
  };
  const { cluster: facts } = cluster.clusters[0];
  const file = facts['certificate-authority'];
  const bundle =
    file === undefined ? facts['certificate-authority-data'] : (await readFile(file)).toString('base64');
  const patch = (await addresses()).map((_, index) => ({
    op: 'add',
    path: `/webhooks/${index}/clientConfig/caBundle`,
    value: bundle,
  }));
  const name = ['mutatingwebhookconfiguration', 'bindery'];
  await kubectl(['patch', ...name, '--type=json', '--field-manager=controller', '-p', JSON.stringify(patch)]);
  if (bundle === undefined) throw new Error('the kubeconfig names no certificate authority');
  return bundle;
}

it('changes between a URL and the Service, as often as it likes, and keeps the certificate authority', async () => {
  await bindery('--webhook-url', url);
  const bundle = await publishBundle();
  const byUrl = expect.objectContaining({ url: expect.stringContaining(url), caBundle: bundle });
  const service = expect.objectContaining({ name: 'bindery-webhook', namespace: 'bindery-system' });
  const byService = expect.objectContaining({ service, caBundle: bundle });
  const all = (one: unknown, { length }: readonly ClientConfig[]) => Array.from({ length }, () => one);

  for (let round = 0; round < 2; round++) {
    // The way to the manifests: install without the URL, then the file.
    await bindery();
    expect(await addresses()).toEqual(all(byService, await addresses()));
    await applyFile('--force-conflicts');
    expect(await addresses()).toEqual(all(byService, await addresses()));
    // And back, from a configuration whose Service belongs to kubectl.
    await bindery('--webhook-url', url);
    expect(await addresses()).toEqual(all(byUrl, await addresses()));
  }
}, 120_000);

it('has kubectl alone refused where a URL stands, and nothing changed by it', async () => {
  await bindery('--webhook-url', url);
  const before = await addresses();
  await expect(applyFile('--force-conflicts')).rejects.toThrow('exactly one of');
  expect(await addresses()).toEqual(before);
}, 60_000);

it('goes from two replicas to one; the PodDisruptionBudgets go by hand', async () => {
  await bindery();
  await applyFile('--force-conflicts');
  const overlay = await kubectl(['kustomize', join(root, 'deploy', 'kustomize', 'overlays', 'single-node')]);
  // bindery-install still shares every field whose value was the same, so the flag stays.
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], overlay);
  const replicas = ['get', 'deployments', '-n', 'bindery-system', '-o', 'jsonpath={.items[*].spec.replicas}'];
  expect(await kubectl(replicas)).toBe('1 1');
  const budgets = ['poddisruptionbudget', '-n', 'bindery-system', 'bindery-webhook', 'bindery-controller'];
  await kubectl(['delete', ...budgets]);
  await applyFile('--force-conflicts');
  expect(await kubectl(replicas)).toBe('2 2');
  await kubectl(['get', ...budgets]);
}, 60_000);
