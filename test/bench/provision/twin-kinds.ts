import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchApi } from './bench-api.ts';

/** The group of the twins: nobody watches it and no webhook is registered for it. */
export const twinGroup = 'bench.bindery.test';

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly names: { readonly plural: string } };
}

const deploy = new URL('../../../deploy/crds/', import.meta.url);

/**
 * Installs ServiceInstance and ServiceBinding a second time, in a group of their own with the same schema, so
 * that the API server can be measured with the same objects and without anybody else acting on them.
 */
export async function installTwins(api: BenchApi): Promise<void> {
  for (const plural of ['serviceinstances', 'servicebindings']) {
    const definition = load(await readFile(new URL(`${plural}.yaml`, deploy), 'utf8')) as Definition;
    const name = `${plural}.${twinGroup}`;
    await api.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      ...definition,
      metadata: { name },
      spec: { ...definition.spec, group: twinGroup, names: twinNames(definition.spec.names) },
    });
    await established(api, name);
  }
}

/** Without short names and categories, which must be unique or would confuse `kubectl get`. */
function twinNames(names: object): object {
  return { ...names, shortNames: undefined, categories: undefined };
}

async function established(api: BenchApi, name: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await delay(50)) {
    const found = (await api.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`)) as {
      readonly status?: {
        readonly conditions?: readonly { readonly type: string; readonly status: string }[];
      };
    };
    const isReady = found.status?.conditions?.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    );
    if (isReady === true) return;
    if (Date.now() > deadline) throw new Error(`CustomResourceDefinition ${name} is not established`);
  }
}
