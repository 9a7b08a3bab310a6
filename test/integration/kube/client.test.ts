import { randomBytes } from 'node:crypto';
import type { KubeClient } from '../../../src/kube/client.ts';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
} from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  configMaps,
  customResourceDefinitions,
  namespaces,
  secrets,
  subjectAccessReviews,
  type Resource,
} from '../../../src/kube/resources.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createConfigMap, realClient, type ConfigMap } from './real-client.ts';

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  const { kubeconfig } = await sharedControlPlane();
  client = await realClient(kubeconfig);
  namespace = await freshNamespace('client');
});

afterAll(async () => {
  await client.close();
});

describe('an object', () => {
  it('lives its life: create, get, replace, patch in four ways, delete', async () => {
    const created = await createConfigMap(client, namespace, 'life');
    const ref = { namespace, name: 'life' };
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: ref });
    expect(await client.get<ConfigMap>(configMaps, ref)).toEqual(created);

    const replaced = await client.replace<ConfigMap>(configMaps, { ...created, data: { a: '1' } });
    const merged = await client.patch<ConfigMap>(configMaps, ref, { data: { b: '2' } }, { type: 'merge' });
    const operations = [{ op: 'add', path: '/data/c', value: '3' }];
    const patched = await client.patch<ConfigMap>(configMaps, ref, operations, { type: 'json' });
    const strategic = await client.patch<ConfigMap>(
      configMaps,
      ref,
      { data: { d: '4' } },
      { type: 'strategic' },
    );
    const applied = await client.patch<ConfigMap>(
      configMaps,
      ref,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'life' }, data: { a: 'taken' } },
      { type: 'apply', fieldManager: 'test', force: true },
    );
    const histories = [replaced, merged, patched, strategic, applied].map(({ data }) =>
      Object.keys(data ?? {}),
    );
    expect(histories).toEqual([
      ['a'],
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c', 'd'],
    ]);
    expect(applied.data?.['a']).toBe('taken');

    await client.delete(configMaps, ref, { uid: created.metadata.uid });
    await expect(client.get(configMaps, ref).catch(isNotFound)).resolves.toBe(true);
  });

  it('is named by the server from generateName, and not kept by a dry run', async () => {
    const metadata = { namespace, generateName: 'generated-' };
    const dry = await client.create(configMaps, { metadata }, { dryRun: true });
    expect(dry.metadata.name).toMatch(/^generated-/);
    await expect(
      client.get(configMaps, { namespace, name: dry.metadata.name }).catch(isNotFound),
    ).resolves.toBe(true);
    const kept = await client.create(configMaps, { metadata });
    await expect(client.get(configMaps, kept.metadata)).resolves.toMatchObject({
      metadata: { uid: kept.metadata.uid },
    });
  });

  it('shows our name as manager of its fields', async () => {
    await createConfigMap(client, namespace, 'managed');
    const object = await client.get<KubeObject & { metadata: { managedFields: { manager: string }[] } }>(
      configMaps,
      {
        namespace,
        name: 'managed',
      },
    );
    expect(object.metadata.managedFields.map(({ manager }) => manager)).toEqual(['bindery']);
  });
});

describe('errors of the real server', () => {
  it.each([
    ['isNotFound', isNotFound, () => client.get(configMaps, { namespace, name: 'none' })],
    ['isAlreadyExists', isAlreadyExists, () => client.create(namespaces, { metadata: { name: 'default' } })],
    [
      'isConflict by an old version',
      isConflict,
      async () => {
        const old = await createConfigMap(client, namespace, 'conflict');
        await client.patch(
          configMaps,
          { namespace, name: 'conflict' },
          { data: { a: '1' } },
          { type: 'merge' },
        );
        return client.replace(configMaps, old);
      },
    ],
    [
      'isConflict by a precondition of a deletion',
      isConflict,
      async () => {
        await createConfigMap(client, namespace, 'precondition');
        return client.delete(configMaps, { namespace, name: 'precondition' }, { uid: 'another' });
      },
    ],
    [
      'isInvalid',
      isInvalid,
      () => client.create(configMaps, { metadata: { namespace, name: 'Not A Name' } }),
    ],
  ])('%s', async (_name, is, call) => {
    const error: unknown = await Promise.resolve(call()).then(
      () => 'no error',
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'KubeApiError' });
    expect(is(error)).toBe(true);
  });

  it('isForbidden for somebody without rights, and the review says so before', async () => {
    const { kubeconfigFor } = await sharedControlPlane();
    const nobody = await realClient(await kubeconfigFor('nobody-in-particular'));
    try {
      await expect(nobody.list(secrets, { namespace }).catch(isForbidden)).resolves.toBe(true);
    } finally {
      await nobody.close();
    }
    const spec = {
      user: 'nobody-in-particular',
      resourceAttributes: { namespace, verb: 'list', resource: 'secrets' },
    };
    const review = await client.create<{ spec: object; status?: { allowed: boolean } }>(
      subjectAccessReviews,
      { spec },
    );
    expect(review.status?.allowed).toBe(false);
  });

  it('isNamespaceTerminating while a namespace goes', async () => {
    const going = await freshNamespace('going');
    await client.create(configMaps, {
      metadata: { namespace: going, name: 'held', finalizers: ['test.bindery/hold'] },
    });
    await client.delete(namespaces, { name: going });
    try {
      const error: unknown = await createConfigMap(client, going, 'late').catch((thrown: unknown) => thrown);
      expect(isNamespaceTerminating(error)).toBe(true);
    } finally {
      const release = { metadata: { finalizers: null } };
      await client.patch(configMaps, { namespace: going, name: 'held' }, release, { type: 'merge' });
    }
  });
});

describe('lists and watches', () => {
  it('come in pages, complete and each item once', async () => {
    const own = await freshNamespace('pages');
    await Promise.all(
      Array.from({ length: 25 }, (_, number) => createConfigMap(client, own, `page-${number}`)),
    );
    const names: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.list(configMaps, {
        namespace: own,
        labelSelector: '',
        limit: 10,
        continue: token,
      });
      names.push(...page.items.map(({ metadata }) => metadata.name));
      token = page.metadata.continue;
    } while (token);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.startsWith('page-'))).toHaveLength(25);
  });

  it('are empty where there is nothing, also where the server says null', async () => {
    const query = { fieldSelector: 'metadata.name=there-is-none', limit: 500 };
    expect((await client.list(namespaces, query)).items).toEqual([]);
    expect((await client.list(configMaps, { ...query, namespace })).items).toEqual([]);
  });

  it('name kind and apiVersion of every item, and leave data out when only metadata is wanted', async () => {
    const own = await freshNamespace('metadata');
    const data = { password: Buffer.from('hunter2').toString('base64') };
    await client.create(secrets, { metadata: { namespace: own, name: 's' }, data });
    const whole = await client.list<KubeObject>(secrets, { namespace: own });
    expect(whole.items).toMatchObject([{ apiVersion: 'v1', kind: 'Secret', data }]);

    const bare = await client.list<KubeObject>(secrets, { namespace: own, metadataOnly: true });
    expect(bare.items).toMatchObject([{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }]);
    expect(JSON.stringify(bare)).not.toContain(data.password);

    const stop = new AbortController();
    const query = { namespace: own, metadataOnly: true, resourceVersion: '0' };
    for await (const event of client.watch<KubeObject>(secrets, query, { signal: stop.signal })) {
      expect(event).toMatchObject({ type: 'ADDED', object: { kind: 'Secret', metadata: { name: 's' } } });
      expect(JSON.stringify(event)).not.toContain(data.password);
      break;
    }
  });

  it('tell changes from a version on, until the time is over', async () => {
    const own = await freshNamespace('watch');
    const { metadata } = await client.list(configMaps, { namespace: own });
    const seen: string[] = [];
    const query = { namespace: own, resourceVersion: metadata.resourceVersion, timeoutSeconds: 2 };
    const watching = (async () => {
      const signal = new AbortController().signal;
      for await (const { type, object } of client.watch<ConfigMap>(configMaps, query, { signal })) {
        seen.push(`${type} ${object.metadata.name ?? ''}`);
      }
    })();
    await createConfigMap(client, own, 'x');
    await client.patch(configMaps, { namespace: own, name: 'x' }, { data: { a: '1' } }, { type: 'merge' });
    await client.delete(configMaps, { namespace: own, name: 'x' });
    await watching;
    const ours = seen.filter((line) => line.endsWith(' x'));
    expect(ours).toEqual(['ADDED x', 'MODIFIED x', 'DELETED x']);
  });
});

describe('numbers', () => {
  const group = `g${randomBytes(4).toString('hex')}.bindery.example`;
  const probes: Resource = { group, version: 'v1', plural: 'probes', kind: 'Probe', namespaced: true };
  interface Probe extends KubeObject {
    readonly spec: { readonly parameters: unknown };
  }

  beforeAll(async () => {
    const schema = {
      type: 'object',
      properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    };
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } };
    await client.create(customResourceDefinitions, {
      metadata: { name: `probes.${group}` },
      spec: { group, scope: 'Namespaced', names: { plural: 'probes', kind: 'Probe' }, versions: [version] },
    });
    await waitFor(() => client.list(probes, { namespace }));
  });

  afterAll(async () => {
    await client.delete(customResourceDefinitions, { name: `probes.${group}` });
  });

  it('of 64 bits arrive and leave as they are', async () => {
    const text = '{"big":9007199254740993,"limit":9223372036854775807,"small":7,"ratio":0.25}';
    const created = await client.raw('POST', `/apis/${group}/v1/namespaces/${namespace}/probes`, {
      apiVersion: `${group}/v1`,
      kind: 'Probe',
      metadata: { name: 'numbers' },
      spec: {
        parameters: (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON('9007199254740993'),
      },
    });
    expect(JSON.stringify((created as Probe).spec)).toBe('{"parameters":9007199254740993}');

    const ref = { namespace, name: 'numbers' };
    const read = await client.get<Probe>(probes, ref);
    const back = await client.replace<Probe>(probes, read);
    expect(JSON.stringify(back.spec)).toBe('{"parameters":9007199254740993}');

    const { kubectl } = await sharedControlPlane();
    const patch = `{"spec":{"parameters":${text}}}`;
    const { code } = await kubectl([
      '-n',
      namespace,
      'patch',
      `probes.${group}`,
      'numbers',
      '--type=merge',
      '-p',
      patch,
    ]);
    expect(code).toBe(0);
    const patched = await client.get<Probe>(probes, ref);
    expect(patched.spec.parameters).toMatchObject({ small: 7, ratio: 0.25 });
    expect(JSON.stringify(patched)).toContain('"big":9007199254740993');
    expect(JSON.stringify(patched)).toContain('"limit":9223372036854775807');
  });
});

it('gives any other path as JSON or text', async () => {
  await expect(client.raw('GET', '/version')).resolves.toMatchObject({ major: '1' });
  await expect(client.raw('GET', '/readyz')).resolves.toBe('ok');
});
