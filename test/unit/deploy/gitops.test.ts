import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { deployments } from '../../../src/kube/resources.ts';
import { argocdConfig } from '../../../scripts/argocd-config.ts';

const directory = join(import.meta.dirname, '../../../deploy/gitops');

function textOf(file: string): string {
  return readFileSync(join(directory, file), 'utf8');
}

describe('the entries for argocd-cm', () => {
  it('are the health check, for each kind with conditions that people keep in git', async () => {
    const text = textOf('argocd/argocd-cm.yaml');
    expect(text).toBe(await argocdConfig(join(directory, 'argocd')));
    const script = textOf('argocd/health.lua');
    expect(load(text)).toEqual({
      data: {
        'resource.customizations.health.servicecatalog.k8s.io_ServiceInstance': script,
        'resource.customizations.health.servicecatalog.k8s.io_ServiceBinding': script,
        'resource.customizations.health.servicecatalog.k8s.io_ClusterServiceBroker': script,
        'resource.customizations.health.servicecatalog.k8s.io_ServiceBroker': script,
        'resource.customizations.health.settings.servicecatalog.k8s.io_PodPreset': script,
      },
    });
  });
});

describe('the example', () => {
  interface Waved {
    readonly kind: string;
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  }

  it('makes the instance, then the binding, then the workload', () => {
    const waves = (loadAll(textOf('example/shop.yaml')) as Waved[]).map(({ kind, metadata }) => [
      metadata.annotations['argocd.argoproj.io/sync-wave'],
      kind,
    ]);
    expect(waves).toEqual([
      ['0', serviceInstances.kind],
      ['1', serviceBindings.kind],
      ['2', deployments.kind],
    ]);
  });

  it.each([
    ['argocd/application.yaml', 'ignoreDifferences'],
    ['flux/shop.yaml', 'healthCheckExprs'],
  ])('is what %s applies, without %s', (file, unnecessary) => {
    const { spec } = load(textOf(file)) as { readonly spec: Readonly<Record<string, unknown>> };
    expect(spec[unnecessary]).toBeUndefined();
    const path = (spec['path'] ?? (spec['source'] as { readonly path: string }).path) as string;
    expect(path.replace(/^\.\//, '')).toBe('deploy/gitops/example');
  });
});
