import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { installManifest } from '../../../scripts/install-manifest.ts';
import { podMakers, unhardened } from '../../support/unhardened.ts';

const root = join(import.meta.dirname, '..', '..', '..');

interface Deployment {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly [
          { readonly name: string; readonly image: string; readonly args: readonly string[] },
        ];
      };
    };
  };
}

async function objects(): Promise<readonly Deployment[]> {
  const text = await installManifest(join(root, 'deploy', 'kustomize', 'base'));
  return (loadAll(text) as (Deployment | null)[]).filter((object) => object !== null);
}

it('has every manifest once, the kinds and the namespace before what needs them', async () => {
  const names = (await objects()).map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
  );
  expect(new Set(names).size).toBe(names.length);
  const lastKind = names.findLastIndex((name) => name.startsWith('CustomResourceDefinition '));
  const firstOther = names.findIndex((name) => !name.startsWith('CustomResourceDefinition '));
  expect(lastKind).toBe(8);
  expect(names[firstOther]).toBe('Namespace undefined/bindery-system');
});

it('runs the version of package.json, two replicas of each role, each with its own account', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const deployments = (await objects()).filter(({ kind }) => kind === 'Deployment');
  const facts = deployments.map(({ spec: { replicas, template } }) => {
    const [{ image, args }] = template.spec.containers;
    return { replicas, account: template.spec.serviceAccountName, image, args };
  });
  expect(facts).toEqual(
    ['controller', 'webhook'].map((role) => ({
      replicas: 2,
      account: `bindery-${role}`,
      image: `localhost/bindery:${version}`,
      args: [role],
    })),
  );
});

it('runs without root, capabilities and a writable root, and with bounded memory', async () => {
  const manifests = await objects();
  expect(podMakers(manifests)).toEqual(['Deployment/bindery-controller', 'Deployment/bindery-webhook']);
  expect(unhardened(manifests)).toEqual([]);
});

it('what is not hardened is found', () => {
  const container = { name: 'c', securityContext: { capabilities: { drop: ['ALL'], add: ['NET_RAW'] } } };
  const pod = { hostPID: true, volumes: [{ hostPath: {} }], containers: [container] };
  expect(unhardened([{ kind: 'Job', metadata: { name: 'a' }, spec: { template: { spec: pod } } }])).toEqual([
    'Job/a: may run as root',
    'Job/a: has no seccomp profile',
    "Job/a: is in the host's namespaces",
    "Job/a: mounts the host's files",
    'Job/a: c may write its root',
    'Job/a: c may get more rights',
    'Job/a: c has capabilities',
    'Job/a: c has no limit of memory',
    'Job/a: c asks for no memory',
  ]);
});
