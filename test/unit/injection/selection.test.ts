import { parseContainerFilter } from '../../../src/injection/container-filter.ts';
import { optOutOf } from '../../../src/model/scope.ts';
import { container, envNames, inject, key, mountPaths, pod } from './pods.ts';

const spec = {
  containers: [{ name: 'app' }, { name: 'proxy' }],
  initContainers: [{ name: 'migrate' }, { name: 'log', restartPolicy: 'Always' }],
};
const names = ['app', 'proxy', 'migrate', 'log'];

function mounted(filter: string | undefined, podSpec: Record<string, unknown> = spec): readonly string[] {
  const annotations: Record<string, string> = { [key('bind', 'db')]: '' };
  if (filter !== undefined) annotations[key('containers.bind', 'db')] = filter;
  const { pod: result } = inject(pod(annotations, podSpec));
  const all = [...(result.spec?.containers ?? []), ...(result.spec?.initContainers ?? [])];
  return all.filter(({ volumeMounts }) => (volumeMounts ?? []).length > 0).map(({ name }) => name);
}

describe('which containers', () => {
  it.each([
    ['(24) all three classes by default', undefined, names],
    ['(25) a name, and one excluded', 'app,!proxy', ['app']],
    ['(25) only excluded: the rest', '!proxy', ['app', 'migrate', 'log']],
    ['(26) init:* hits plain init containers only', 'init:*', ['migrate']],
    ['(26) sidecar:* only those with restartPolicy Always', 'sidecar:*', ['log']],
    ['(26) main:*', 'main:*', ['app', 'proxy']],
    ['(26) a class without one of it', 'main:*,!app', ['proxy']],
    ['a name within a class', 'main:app,init:migrate', ['app', 'migrate']],
    ['everything', '*', names],
    ['empty is everything', '', names],
  ])('%s', (_title, filter, expected) => {
    expect(mounted(filter)).toEqual(expected);
  });

  it('(24) mount and env reach main, init and sidecar containers', () => {
    const result = inject(pod({ [key('bind', 'db')]: '', [key('env.bind', 'db')]: 'URL=uri' }, spec)).pod;
    for (const name of names) {
      expect(mountPaths(result, name)).toEqual(['/bindings/db']);
      expect(envNames(result, name)).toEqual(['SERVICE_BINDING_ROOT', 'URL']);
    }
  });

  it('(25) an unknown name is warned about, and the rest is injected', () => {
    const annotations = { [key('bind', 'db')]: '', [key('containers.bind', 'db')]: 'app,ap' };
    const { result, pod: injected } = inject(pod(annotations, spec));
    expect(result).toMatchObject({
      kind: 'inject',
      warnings: ['binding "db": the Pod has no container "ap"'],
    });
    expect(mountPaths(injected)).toEqual(['/bindings/db']);
  });

  it('(28) a container named like a class word, or with dots', () => {
    const podSpec = { containers: [{ name: 'init' }, { name: 'main' }, { name: 'a.b' }] };
    expect(mounted('init', podSpec)).toEqual(['init']);
    expect(mounted('main:init,a.b', podSpec)).toEqual(['init', 'a.b']);
    expect(mounted('init:*', podSpec)).toEqual([]);
  });

  it.each(['init:', ':x', 'a:b:c', 'none:*', '!init:'])('%j is no filter', (text) => {
    expect(parseContainerFilter(text)).toMatchObject({ kind: 'illegal' });
  });
});

describe('(12) opt-out', () => {
  const inject = 'inject.servicecatalog.k8s.io';
  const exclude = 'podpreset.admission.kubernetes.io/exclude';
  it.each([
    ['nothing', {}, undefined, undefined],
    ['annotation', { annotations: { [inject]: 'disabled' } }, undefined, 'pod-disabled'],
    ['label', { labels: { [inject]: 'disabled' } }, undefined, 'pod-disabled'],
    [
      'the key of Kubernetes’ PodPreset',
      { annotations: { [exclude]: 'true' } },
      undefined,
      'podpreset-exclude',
    ],
    ['the same, not true', { annotations: { [exclude]: 'false' } }, undefined, undefined],
    ['namespace', {}, { [inject]: 'disabled' }, 'namespace-disabled'],
    [
      'a namespace is out as a whole, as for the API server, which calls nobody there',
      { labels: { [inject]: 'enabled' } },
      { [inject]: 'disabled' },
      'namespace-disabled',
    ],
    [
      'disabled before enabled',
      { labels: { [inject]: 'enabled' }, annotations: { [inject]: 'disabled' } },
      undefined,
      'pod-disabled',
    ],
    ['null maps', { annotations: null, labels: null }, undefined, undefined],
  ])('%s', (_title, metadata, namespaceLabels, expected) => {
    expect(optOutOf(metadata, namespaceLabels)).toBe(expected);
  });
});

it('(29) fifty containers and no init containers: the patch stays small', () => {
  const containers = Array.from({ length: 50 }, (_, index) => ({ name: `c${index}` }));
  const { operations, pod: result } = inject(
    pod({ [key('bind', 'db')]: '', [key('env.bind', 'db')]: 'A=a,B=b' }, { containers }),
  );
  expect(JSON.stringify(operations).length).toBeLessThan(32 * 1024);
  for (const { name } of containers) expect(container(result, name).volumeMounts).toHaveLength(1);
});
