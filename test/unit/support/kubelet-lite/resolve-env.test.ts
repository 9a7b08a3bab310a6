import type { ContainerSpec } from '../../../support/kubelet-lite/pod-types.ts';
import { resolvePod } from '../../../support/kubelet-lite/resolve-pod.ts';
import { containerOf, podWith, readerOf, secret } from './objects.ts';

const cluster = readerOf({
  secrets: { db: secret({ uri: 'postgres://db', password: 'pässword' }), other: secret({ uri: 'other' }) },
  configMaps: {
    settings: { data: { mode: 'fast', uri: 'from-config' }, binaryData: { logo: 'AAEC' } },
  },
});

async function envOf(container: Partial<ContainerSpec>): Promise<Readonly<Record<string, string>>> {
  return containerOf(await resolvePod(cluster, podWith(container))).env;
}

describe('the environment of a container', () => {
  it.each<[string, Partial<ContainerSpec>, Record<string, string>]>([
    ['is empty when nothing is asked for', {}, {}],
    ['has plain values', { env: [{ name: 'A', value: '1' }, { name: 'EMPTY' }] }, { A: '1', EMPTY: '' }],
    [
      'expands references to entries above, not below',
      {
        env: [
          { name: 'A', value: '$(B)' },
          { name: 'B', value: 'b' },
          { name: 'C', value: '<$(B)>' },
        ],
      },
      { A: '$(B)', B: 'b', C: '<b>' },
    ],
    [
      'expands a reference to its own name from the entry above',
      {
        env: [
          { name: 'PATH', value: '/a' },
          { name: 'PATH', value: '$(PATH):/b' },
        ],
      },
      { PATH: '/a:/b' },
    ],
    [
      'has one key of a Secret, which can be referred to',
      {
        env: [
          { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
          { name: 'LOGIN', value: 'me:$(PASSWORD)' },
        ],
      },
      { PASSWORD: 'pässword', LOGIN: 'me:pässword' },
    ],
    [
      'has one key of a ConfigMap',
      { env: [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } }] },
      { MODE: 'fast' },
    ],
    [
      'has all keys of a Secret, with a prefix',
      { envFrom: [{ prefix: 'DB_', secretRef: { name: 'db' } }] },
      { DB_uri: 'postgres://db', DB_password: 'pässword' },
    ],
    [
      'has all text keys of a ConfigMap, and no binary ones',
      { envFrom: [{ configMapRef: { name: 'settings' } }] },
      { mode: 'fast', uri: 'from-config' },
    ],
    [
      'takes the later of two envFrom sources',
      {
        envFrom: [
          { secretRef: { name: 'db' } },
          { configMapRef: { name: 'settings' } },
          { secretRef: { name: 'other' } },
        ],
      },
      { uri: 'other', password: 'pässword', mode: 'fast' },
    ],
    [
      'takes env before envFrom, and env may refer to envFrom',
      {
        envFrom: [{ secretRef: { name: 'db' } }],
        env: [
          { name: 'COPY', value: '$(uri)' },
          { name: 'uri', value: 'mine' },
        ],
      },
      { uri: 'mine', password: 'pässword', COPY: 'postgres://db' },
    ],
    [
      'leaves out what is optional and missing, without touching what envFrom gave',
      {
        envFrom: [
          { secretRef: { name: 'db' } },
          { secretRef: { name: 'nobody', optional: true } },
          { configMapRef: { name: 'nobody', optional: true } },
        ],
        env: [
          { name: 'uri', valueFrom: { secretKeyRef: { name: 'nobody', key: 'uri', optional: true } } },
          { name: 'password', valueFrom: { secretKeyRef: { name: 'db', key: 'nothing', optional: true } } },
          { name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'nothing', optional: true } } },
        ],
      },
      { uri: 'postgres://db', password: 'pässword' },
    ],
    [
      'has fields of the Pod',
      {
        env: [
          'metadata.name',
          'metadata.namespace',
          'metadata.uid',
          "metadata.labels['app']",
          "metadata.annotations['example.com/type']",
          "metadata.annotations['nobody']",
          'spec.nodeName',
          'spec.serviceAccountName',
          'status.podIP',
        ].map((fieldPath, index) => ({ name: `F${index}`, valueFrom: { fieldRef: { fieldPath } } })),
      },
      {
        F0: 'cart',
        F1: 'shop',
        F2: 'c0ffee',
        F3: 'cart',
        F4: 'postgresql',
        F5: '',
        F6: 'node-1',
        F7: 'cart-account',
        F8: '127.0.0.1',
      },
    ],
  ])('%s', async (_case, container, env) => {
    expect(await envOf(container)).toEqual(env);
  });

  it('expands command and args, whatever the order of the entries', async () => {
    const pod = podWith({
      command: ['serve', '--mode=$(MODE)'],
      args: ['$(LATE)', '$$(MODE)', '$(NOBODY)'],
      env: [
        { name: 'MODE', value: 'fast' },
        { name: 'LATE', value: 'late' },
      ],
    });
    const container = containerOf(await resolvePod(cluster, pod));
    expect(container.command).toEqual(['serve', '--mode=fast']);
    expect(container.args).toEqual(['late', '$(MODE)', '$(NOBODY)']);
  });

  it.each<[string, Partial<ContainerSpec>, string]>([
    ['a missing Secret', { envFrom: [{ secretRef: { name: 'nobody' } }] }, 'secret "nobody" not found'],
    [
      'a missing ConfigMap',
      { envFrom: [{ configMapRef: { name: 'nobody' } }] },
      'configmap "nobody" not found',
    ],
    [
      'a missing Secret of one key',
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'nobody', key: 'uri' } } }] },
      'secret "nobody" not found',
    ],
    [
      'a missing key of a Secret',
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'db', key: 'nothing' } } }] },
      "couldn't find key nothing in Secret shop/db",
    ],
    [
      'a missing key of a ConfigMap',
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'logo' } } }] },
      "couldn't find key logo in ConfigMap shop/settings",
    ],
    [
      'a field that does not exist',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.everything' } } }] },
      'unsupported fieldPath: spec.everything',
    ],
  ])('the container waits for %s', async (_case, container, message) => {
    expect(await resolvePod(cluster, podWith(container))).toEqual({
      kind: 'resolved',
      containers: { app: { kind: 'waiting', reason: 'CreateContainerConfigError', message } },
    });
  });

  it('one container may wait while another is ready', async () => {
    const pod = podWith({
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'nobody', key: 'uri' } } }],
    });
    const both = {
      ...pod,
      spec: {
        ...pod.spec,
        initContainers: [
          { name: 'migrate', env: [{ name: 'A', value: 'a' }] },
          { name: 'proxy', restartPolicy: 'Always' },
        ],
      },
    };
    expect(await resolvePod(cluster, both)).toMatchObject({
      kind: 'resolved',
      containers: {
        migrate: { kind: 'ready', role: 'init', env: { A: 'a' } },
        proxy: { kind: 'ready', role: 'sidecar', env: {} },
        app: { kind: 'waiting' },
      },
    });
  });

  it('says what it does not provide', async () => {
    const env = [{ name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }];
    const container = containerOf(await resolvePod(cluster, podWith({ env })));
    expect(container.env).toEqual({});
    expect(container.notProvided).toEqual(['app: env CPU from resourceFieldRef']);
  });
});
