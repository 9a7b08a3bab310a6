import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { load } from 'js-yaml';
import { inParallel, type BenchApi } from '../provision/bench-api.ts';

/** A class or plan as the API server gives it. */
export interface CatalogObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: object;
  readonly status?: object;
}

export interface CatalogObjects {
  readonly clusterserviceclasses: readonly CatalogObject[];
  readonly clusterserviceplans: readonly CatalogObject[];
}

interface Definition {
  readonly spec: { readonly names: object; readonly [field: string]: unknown };
}

export const plurals = ['clusterserviceclasses', 'clusterserviceplans'] as const;

const group = 'bench-catalog.bindery.test';
const version = `${group}/v1beta1`;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const parallel = 32;
const establishedTimeoutMs = 30_000;

/** The kinds of the catalog once more, in a group that nobody watches and no webhook is registered for. */
export async function installCatalogTwins(api: BenchApi): Promise<void> {
  for (const plural of plurals) {
    const file = new URL(`../../../deploy/crds/${plural}.yaml`, import.meta.url);
    const { spec, ...rest } = load(await readFile(file, 'utf8')) as Definition;
    // Short names and categories must be unique in a cluster.
    const names = { ...spec.names, shortNames: undefined, categories: undefined };
    await api.create(definitions, {
      ...rest,
      metadata: { name: `${plural}.${group}` },
      spec: { ...spec, group, names },
    });
    await served(api, `${definitions}/${plural}.${group}`);
  }
}

/**
 * What the API server itself allows: seconds for the very objects of a catalog, each created and then given its
 * status, when a client does nothing else.
 */
export async function catalogLimitSeconds(api: BenchApi, objects: CatalogObjects): Promise<number> {
  const startedAt = performance.now();
  for (const plural of plurals) {
    const path = `/apis/${version}/${plural}`;
    await inParallel(objects[plural], parallel, async ({ metadata: { name, labels }, spec, status }) => {
      const kind = plural === 'clusterserviceclasses' ? 'ClusterServiceClass' : 'ClusterServicePlan';
      await api.create(path, { apiVersion: version, kind, metadata: { name, labels }, spec });
      await api.mergePatch(`${path}/${name}/status`, { status });
    });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  for (const plural of plurals) await api.deleteAll(`/apis/${version}/${plural}`);
  return seconds;
}

async function served(api: BenchApi, path: string): Promise<void> {
  interface Served {
    readonly status?: {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }
  for (const deadline = Date.now() + establishedTimeoutMs; ; await delay(50)) {
    const { status } = (await api.get(path)) as Served;
    if (status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') === true)
      return;
    if (Date.now() > deadline) throw new Error(`${path} is not established`);
  }
}
