import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { serviceBindings } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { networkPolicies } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 60_000);
afterAll(() => world?.stop());

async function bound(name: string, hosts: readonly string[]): Promise<void> {
  const endpoints = hosts.map((host) => ({ host, ports: ['5432', '9000-9010'] }));
  const body = { credentials: { a: 'b' }, endpoints };
  world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body });
  await world.createBinding(name, 'db');
  await world.binding(name, isReady, 'is ready');
}

interface Printed {
  readonly code: unknown;
  readonly out: string;
  readonly told: string;
}

async function egressPolicy(...args: readonly string[]): Promise<Printed> {
  const main = join(import.meta.dirname, '../../../src/main.ts');
  const at = ['--kubeconfig', world.controlPlane.kubeconfig, '--namespace', world.namespace];
  const child = spawn(process.execPath, [main, 'egress-policy', ...args, ...at], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const [out, told, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, out, told };
}

async function apply(yaml: string): Promise<void> {
  const { code, stderr } = await world.controlPlane.kubectl(['apply', '-f', '-'], yaml);
  expect([code, stderr]).toEqual([0, '']);
}

it('P69 prints a policy that the API server takes, and only where the way out is closed already', async () => {
  await bound('rich', ['10.0.0.1', 'db.example', '2001:db8::1']);
  const refused = await egressPolicy('rich', '--selector', 'app=orders');
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.told).toContain('closes the way out of these Pods');
  expect(refused.told).toContain('--isolate');

  await world.client.create(networkPolicies, {
    metadata: { namespace: world.namespace, name: 'closed' },
    spec: { podSelector: {}, policyTypes: ['Egress'] },
  } as KubeObject);
  const { code, out, told } = await egressPolicy('rich', '--selector', 'app=orders');
  expect(code).toBe(0);
  expect(told).toContain(
    'left out: db.example (tcp 5432, 9000-9010): a NetworkPolicy knows addresses and no names',
  );
  await apply(out);
  const { uid } = (await world.find(serviceBindings, 'rich'))?.metadata ?? {};
  expect(await world.find(networkPolicies, 'rich-egress')).toMatchObject({
    metadata: { ownerReferences: [{ kind: 'ServiceBinding', name: 'rich', uid }] },
    spec: {
      podSelector: { matchLabels: { app: 'orders' } },
      policyTypes: ['Egress'],
      egress: [
        { to: [{ ipBlock: { cidr: '10.0.0.1/32' } }] },
        { to: [{ ipBlock: { cidr: '2001:db8::1/128' } }] },
      ],
    },
  });
}, 120_000);

it('P69 says why there is none', async () => {
  await bound('named', ['db.example']);
  const named = await egressPolicy('named', '--selector', 'app=orders', '--isolate');
  expect(named).toMatchObject({ code: 1, out: '' });
  expect(named.told).toContain('has no endpoint that a NetworkPolicy can name');
  expect((await egressPolicy('nobody', '--selector', 'app=orders')).told).toContain('not found');
}, 120_000);
