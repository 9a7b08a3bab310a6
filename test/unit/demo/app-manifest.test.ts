import { readFile } from 'node:fs/promises';
import { loadAll } from 'js-yaml';

interface Deployment {
  readonly kind: string;
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations?: object };
      readonly spec: {
        readonly containers: readonly { readonly env?: object; readonly command: string[] }[];
      };
    };
  };
}

it('asks for its database with one annotation and knows nothing else of it', async () => {
  const text = await readFile(new URL('../../../demo/app.yaml', import.meta.url), 'utf8');
  const deployment = (loadAll(text) as Deployment[]).find(({ kind }) => kind === 'Deployment');
  expect(deployment?.metadata.annotations).toEqual({
    'bind.servicecatalog.k8s.io/db': 'request/postgresql/small',
  });
  expect(deployment?.spec.template.metadata.annotations).toBeUndefined();
  const [container] = deployment?.spec.template.spec.containers ?? [];
  expect(container?.env).toBeUndefined();
  // Kubernetes would expand these in a command.
  expect(container?.command.join('\n')).not.toContain('$(');
});
