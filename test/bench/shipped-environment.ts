import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly env?: readonly { readonly name: string; readonly value: string }[];
        }[];
      };
    };
  };
}

const manifests = join(import.meta.dirname, '../../deploy/kustomize/base');

/** What the manifests set for a role: what is measured is what ships. */
export async function shippedEnvironment(
  role: 'controller' | 'webhook',
): Promise<Readonly<Record<string, string>>> {
  const [{ spec }] = loadAll(await readFile(join(manifests, `${role}.yaml`), 'utf8')) as [Deployment];
  const variables = spec.template.spec.containers.flatMap(({ env = [] }) => env);
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
