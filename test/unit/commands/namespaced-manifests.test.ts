import { loadAll } from 'js-yaml';
import { readManifests } from '../../../src/commands/manifests.ts';
import { clusterRules, namespacedManifests } from '../../../src/commands/namespaced-manifests.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const own = 'bindery-system';
const namespaces = ['a', 'b'];

async function shipped(): Promise<readonly KubeObject[]> {
  const documents = (await readManifests()).flatMap((text) => loadAll(text));
  return documents.filter((document) => document !== null && document !== undefined) as KubeObject[];
}

async function made(): Promise<readonly KubeObject[]> {
  return namespacedManifests(await shipped(), { namespaces, own });
}

interface WithRules extends KubeObject {
  readonly rules: readonly { readonly resources: readonly string[]; readonly resourceNames?: unknown }[];
}

function rulesOf(objects: readonly KubeObject[], kind: string, name: string, namespace?: string) {
  const found = objects.find(
    (object) =>
      object.kind === kind && object.metadata.name === name && object.metadata.namespace === namespace,
  );
  return (found as WithRules | undefined)?.rules ?? [];
}

describe('the rights of the roles', () => {
  it.each(['bindery-controller', 'bindery-webhook'])(
    'of %s are in each namespace, and in the cluster only for what is named',
    async (name) => {
      const objects = await made();
      const inCluster = rulesOf(objects, 'ClusterRole', name);
      expect(inCluster.every(({ resourceNames }) => resourceNames !== undefined)).toBe(true);
      expect(inCluster.find(({ resources }) => resources.includes('namespaces'))?.resourceNames).toEqual(
        namespaces,
      );
      const rules = namespaces.map((namespace) => rulesOf(objects, 'Role', name, namespace));
      expect(rules[0]).toEqual(rules[1]);
      const resources = rules[0]?.flatMap((rule) => rule.resources) ?? [];
      expect(resources).toContain('serviceinstances');
      expect(resources.filter((resource) => /^(cluster|namespaces|subject|custom)/.test(resource))).toEqual(
        [],
      );
    },
  );

  it('lose nothing that is in a namespace', async () => {
    const before = rulesOf(await shipped(), 'ClusterRole', 'bindery-controller');
    const after = rulesOf(await made(), 'Role', 'bindery-controller', 'a');
    const names = (rules: WithRules['rules']) => new Set(rules.flatMap(({ resources }) => resources));
    const kept = names(after);
    const lost = [...names(before)].filter((name) => !kept.has(name) && !name.startsWith('cluster'));
    expect(lost.sort()).toEqual(['customresourcedefinitions', 'mutatingwebhookconfigurations', 'namespaces']);
  });

  it('are in the own namespace what copies and records need', async () => {
    const rules = rulesOf(await made(), 'Role', 'bindery-controller', own);
    const resources = rules.flatMap((rule) => rule.resources);
    expect(resources).toEqual(expect.arrayContaining(['leases', 'secrets', 'configmaps', 'events']));
    expect(resources).not.toContain('pods');
  });

  it('never become a right to all objects of a kind in the cluster', () => {
    const rule = { apiGroups: [''], resources: ['customresourcedefinitions'], verbs: ['get'] };
    expect(() => clusterRules([rule], namespaces)).toThrow('without a name');
  });
});

it('calls the webhook for these namespaces alone, and for nothing without a namespace', async () => {
  const configuration = (await made()).find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const { webhooks } = configuration as unknown as {
    readonly webhooks: readonly {
      readonly rules: readonly { readonly scope: string }[];
      readonly namespaceSelector: { readonly matchExpressions: readonly unknown[] };
    }[];
  };
  expect(webhooks.length).toBeGreaterThan(4);
  for (const { rules, namespaceSelector } of webhooks) {
    expect(rules.every(({ scope }) => scope === 'Namespaced')).toBe(true);
    expect(namespaceSelector.matchExpressions.at(-1)).toEqual({
      key: 'kubernetes.io/metadata.name',
      operator: 'In',
      values: namespaces,
    });
  }
});

it('holds policies in these namespaces and in its own', async () => {
  const bindings = (await made()).filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  expect(bindings.length).toBeGreaterThan(10);
  for (const binding of bindings) expect(JSON.stringify(binding)).toContain('["a","b","bindery-system"]');
});
