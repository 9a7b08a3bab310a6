import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { podMakers, unhardened } from '../../support/unhardened.ts';
import { helm, reasonNotToRunHelm } from '../../support/helm/helm.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

const root = join(import.meta.dirname, '..', '..', '..');
const chart = join(root, 'deploy', 'helm', 'bindery');
const keep = 'helm.sh/resource-policy';
const tell = reasonNotToRunHelm === undefined ? it : it.skip;

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Their names, such as `image.tag`. What both roles have stands for one role, too. */
function valuesIn({ properties = {} }: Schema): readonly string[] {
  return Object.entries(properties).flatMap(([name, inner]) => {
    if (name === 'global') return [];
    const below = valuesIn(inner);
    if (below.length === 0) return [name];
    return below.filter((value) => !(value in properties)).map((value) => `${name}.${value}`);
  });
}

function byName(text: string): Readonly<Record<string, Manifest>> {
  const manifests = (loadAll(text) as (Manifest | null)[]).filter((manifest) => manifest !== null);
  return Object.fromEntries(
    manifests.map((manifest) => [`${manifest.kind}/${manifest.metadata.name}`, manifest]),
  );
}

async function rendered(namespace: string, ...sets: readonly string[]): Promise<string> {
  return helm(['template', 'bindery', chart, '-n', namespace, ...sets.flatMap((set) => ['--set', set])]);
}

function kindsIn(text: string): ReadonlySet<string> {
  return new Set(Object.values(byName(text)).map(({ kind }) => kind));
}

describe('the Helm chart', () => {
  // The first use builds Helm.
  tell(
    'passes the linter',
    async () => {
      expect(await helm(['lint', '--strict', chart])).toContain('0 chart(s) failed');
    },
    1_200_000,
  );

  tell('has by default what install.yaml has, but for the namespace, and keeps the kinds', async () => {
    const { 'Namespace/bindery-system': namespace, ...wanted } = byName(
      await readFile(join(root, 'deploy', 'install.yaml'), 'utf8'),
    );
    expect(namespace).toBeDefined();
    const found = byName(await rendered('bindery-system', 'uninstall=keep'));
    const kept = Object.values(found).filter(({ metadata }) => metadata.annotations?.[keep] === 'keep');
    expect(new Set(kept.map(({ kind }) => kind))).toEqual(new Set(['CustomResourceDefinition']));
    const withoutPolicy = Object.entries(found).map(([name, { metadata, ...rest }]) => {
      if (metadata.annotations === undefined) return [name, { metadata, ...rest }];
      const { [keep]: _, ...annotations } = metadata.annotations;
      return [name, { metadata: { ...metadata, annotations }, ...rest }];
    });
    expect(Object.fromEntries(withoutPolicy)).toEqual(wanted);
    expect(kept).toHaveLength(9);
  });

  tell(
    'runs all its Pods without root, capabilities and a writable root, the check before an uninstall too',
    async () => {
      const manifests = Object.values(byName(await rendered('bindery-system')));
      expect(podMakers(manifests)).toContainEqual(expect.stringMatching(/^Job\//));
      expect(unhardened(manifests)).toEqual([]);
    },
  );

  tell('lives in any namespace, of which the program is told', async () => {
    const text = await rendered('elsewhere');
    expect(text).not.toContain('bindery-system');
    expect(text.match(/args: .*"--namespace=elsewhere"/g)).toHaveLength(2);
  });

  tell('has no PodDisruptionBudget for one replica, and NetworkPolicies only if wanted', async () => {
    const one = await rendered('a', 'controller.replicas=1', 'webhook.replicas=1', 'networkPolicies=false');
    expect([...kindsIn(one)]).not.toContain('PodDisruptionBudget');
    expect([...kindsIn(one)]).not.toContain('NetworkPolicy');
    const mixed = byName(await rendered('a', 'controller.replicas=1'));
    expect(mixed['PodDisruptionBudget/bindery-webhook']).toBeDefined();
    expect(mixed['PodDisruptionBudget/bindery-controller']).toBeUndefined();
  });

  tell('asks before it is uninstalled with the right to list, and nothing else', async () => {
    const objects = byName(await rendered('elsewhere'));
    const asked = Object.entries(objects).filter(([name]) => name.endsWith('/bindery-uninstall-check'));
    expect(new Set(asked.map(([name]) => name.split('/')[0]))).toEqual(
      new Set(['ClusterRole', 'ClusterRoleBinding', 'Job', 'ServiceAccount']),
    );
    const hook = 'helm.sh/hook';
    expect(asked.every(([, { metadata }]) => metadata.annotations?.[hook] === 'pre-delete')).toBe(true);
    expect(objects['ClusterRole/bindery-uninstall-check']).toMatchObject({
      rules: [{ resources: ['serviceinstances', 'servicebindings'], verbs: ['list'] }],
    });
    const kept = byName(await rendered('elsewhere', 'uninstall=keep'));
    expect(Object.keys(kept).filter((name) => name.includes('uninstall-check'))).toEqual([]);
  });

  tell.each([
    ['controler.replicas=1', 'controler'],
    ['controller.replicas=0', 'replicas'],
    ['uninstall=deprovision', 'uninstall'],
    ['webhook.extraArgs={log-level=debug}', 'extraArgs'],
  ])('refuses the value %s', async (set, named) => {
    await expect(rendered('a', set)).rejects.toThrow(named);
  });

  tell('has every value in docs/install.md', async () => {
    const schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8')) as Schema;
    const page = await readFile(join(root, 'docs', 'install.md'), 'utf8');
    expect(valuesIn(schema).filter((value) => !page.includes(`\`${value}\``))).toEqual([]);
  });

  tell('puts values in their places, a role’s own before those of both', async () => {
    const sets = ['uninstall=keep', 'image.tag=9', 'priorityClassName=p', 'webhook.priorityClassName=w'];
    const text = await rendered('a', ...sets, 'controller.extraArgs={--log-level=debug}');
    expect(text.match(/image: localhost\/bindery:9$/gm)).toHaveLength(2);
    expect(text.match(/priorityClassName: "[pw]"/g)).toEqual([
      'priorityClassName: "p"',
      'priorityClassName: "w"',
    ]);
    expect(text).toContain('args: ["controller","--namespace=a","--log-level=debug"]');
  });

  tell('is packed into an archive that gives the same, which registries take', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bindery-chart-'));
    try {
      const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
        version: string;
      };
      await helm(['package', chart, '--destination', directory]);
      const archive = join(directory, `bindery-${version}.tgz`);
      expect(await helm(['template', 'bindery', archive, '-n', 'a'])).toBe(await rendered('a'));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  tell('is of the version of package.json', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const described = await helm(['show', 'chart', chart]);
    expect(described).toContain(`\nversion: ${version}\n`);
    expect(described).toContain(`appVersion: ${version}\n`);
  });
});
