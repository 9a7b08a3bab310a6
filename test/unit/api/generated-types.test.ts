import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterServiceBroker } from '../../../src/api/generated/cluster-service-broker.ts';
import type { ClusterServiceClass } from '../../../src/api/generated/cluster-service-class.ts';
import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import type { PodPreset } from '../../../src/api/generated/pod-preset.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceBroker } from '../../../src/api/generated/service-broker.ts';
import type { ServiceClass } from '../../../src/api/generated/service-class.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import type { ServicePlan } from '../../../src/api/generated/service-plan.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

/** Does not compile when one of our kinds is not what the client and the stores take. */
type ObjectKind<T extends KubeObject> = T;
type AnyKind =
  | ObjectKind<ClusterServiceBroker>
  | ObjectKind<ClusterServiceClass>
  | ObjectKind<ClusterServicePlan>
  | ObjectKind<PodPreset>
  | ObjectKind<ServiceBinding>
  | ObjectKind<ServiceBroker>
  | ObjectKind<ServiceClass>
  | ObjectKind<ServiceInstance>
  | ObjectKind<ServicePlan>;

const root = join(import.meta.dirname, '../../..');
let copy = '';

function generate(...options: readonly string[]): {
  readonly status: number | null;
  readonly output: string;
} {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/generate.ts', ...options], {
    cwd: copy,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, output: stderr };
}

function edit(file: string, change: (text: string) => string): void {
  const path = join(copy, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'bindery-generate-'));
  for (const path of ['scripts', 'deploy', 'webhook-config', 'src', 'package.json', '.prettierrc.json']) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

describe('the generated types', () => {
  it('are those of the definitions', () => {
    expect(generate('--check')).toEqual({ status: 0, output: '' });
  });

  it('describe objects that the client takes', () => {
    const object: AnyKind = { metadata: { name: 'i' }, spec: { clusterServiceClassName: 'c' } };
    expect(object.metadata.name).toBe('i');
  });
});

describe('npm run generate', () => {
  it('with --check finds that a condition does not say what the table of scope says', () => {
    edit('src/model/scope.ts', (text) => text.replace("'kube-public', ", ''));
    const { status, output } = generate('--check');
    expect(status).toBe(1);
    expect(output).toContain(
      'webhook-config/mutating.yaml does not match its template and src/model/scope.ts',
    );
    expect(output).toContain('webhook-config/policies.yaml does not match');
    expect(generate()).toMatchObject({ status: 0 });
    expect(readFileSync(join(copy, 'deploy/install.yaml'), 'utf8')).not.toContain('kube-public');
  });

  it('with --check names every file that a changed definition makes wrong, and what to run', () => {
    edit('deploy/crds/serviceinstances.yaml', (text) => text.replace('dashboardURL:', 'dashboard:'));
    const { status, output } = generate('--check');
    expect(status).toBe(1);
    expect(output.split('\n')).toEqual([
      'deploy/helm/bindery/templates/generated/customresourcedefinition.yaml does not match deploy/kustomize/base',
      'deploy/install.yaml does not match deploy/kustomize/base',
      'src/api/generated/service-instance.ts does not match deploy/crds',
      'Run: npm run generate',
      '',
    ]);
  });

  it('with --check finds a file that no definition has', () => {
    writeFileSync(join(copy, 'src/api/generated/old-kind.ts'), '');
    const { status, output } = generate('--check');
    expect(status).toBe(1);
    expect(output).toContain('src/api/generated/old-kind.ts');
  });

  it('mends both, and then finds nothing', () => {
    edit('deploy/crds/serviceinstances.yaml', (text) => text.replace('dashboardURL:', 'dashboard:'));
    writeFileSync(join(copy, 'src/api/generated/old-kind.ts'), '');
    expect(generate().status).toBe(0);
    expect(generate('--check')).toEqual({ status: 0, output: '' });
    expect(readFileSync(join(copy, 'src/api/generated/service-instance.ts'), 'utf8')).toContain(
      'readonly dashboard?:',
    );
  });

  it('refuses two shapes under one name', () => {
    edit('deploy/crds/servicebindings.yaml', (text) => text.replace('secretKeyRef:', 'secretRef:'));
    const { status, output } = generate();
    expect(status).toBe(1);
    expect(output).toContain('the fields of ParametersFromSource differ');
  });
});
