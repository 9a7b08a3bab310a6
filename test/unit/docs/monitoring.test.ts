import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { declareMetrics } from '../../../src/observability/declarations.ts';
import { root } from './cited-tests.ts';

/** Metrics of others that rules and dashboard may ask for. */
const foreign = [
  'apiserver_admission_webhook_rejection_count',
  'apiserver_admission_webhook_fail_open_count',
];

async function known(): Promise<ReadonlyMap<string, readonly string[]>> {
  const registry = new Registry();
  declareMetrics(registry);
  const declared = await registry.getMetricsAsJSON();
  const page = await readFile(join(root, 'docs', 'reference', 'metrics.md'), 'utf8');
  const ofProcess = [...page.matchAll(/^\| `((?:process|nodejs)_\w+)` /gm)].map(([, name = '']) => name);
  const names = declared.flatMap(({ name, type }) =>
    String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  return new Map([...names, ...ofProcess, ...foreign].map((name) => [name, []]));
}

function metricsIn(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:bindery|servicecatalog|process|nodejs|apiserver)_[a-z0-9_]+/g)].map(
    ([name]) => name,
  );
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

describe('deploy/monitoring', () => {
  it('asks for metrics only that exist', async () => {
    const metrics = await known();
    for (const file of ['rules.yaml', 'dashboard.json']) {
      const text = await readFile(join(root, 'deploy', 'monitoring', file), 'utf8');
      const asked = metricsIn(text.replaceAll(/^ *#.*$/gm, ''));
      expect(asked.length).toBeGreaterThan(20);
      expect(asked.filter((name) => !metrics.has(name))).toEqual([]);
    }
  });

  it('shows every metric of the catalog, the controller and the webhook somewhere', async () => {
    const registry = new Registry();
    declareMetrics(registry);
    const shown = await readFile(join(root, 'deploy', 'monitoring', 'dashboard.json'), 'utf8');
    const declared = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    const startOnly = ['bindery_ready_seconds'];
    expect(declared.filter((name) => !shown.includes(name))).toEqual(startOnly);
  });

  it('has panels with a title of their own, each with a query', async () => {
    const text = await readFile(join(root, 'deploy', 'monitoring', 'dashboard.json'), 'utf8');
    const panels = (JSON.parse(text) as Dashboard).panels;
    const titles = panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(queries.length).toBeGreaterThan(20);
    expect(queries).not.toContain('');
  });
});
