import type { VolumeMount, VolumeSpec } from '../../../support/kubelet-lite/pod-types.ts';
import { resolvePod } from '../../../support/kubelet-lite/resolve-pod.ts';
import type { ResolvedContainer } from '../../../support/kubelet-lite/resolution.ts';
import { containerOf, modesAt, podWith, readerOf, secret, textsAt } from './objects.ts';

const cluster = readerOf({
  secrets: {
    db: secret({ type: 'mysql', uri: 'postgres://db', password: 'secret' }),
    override: secret({ uri: 'later' }),
    binary: secret({ key: Buffer.from([0, 255, 10]) }),
  },
  configMaps: { settings: { data: { mode: 'fast' }, binaryData: { logo: 'AP8K' } } },
});

const mountPath = '/bindings/db';

async function mount(
  volume: Omit<VolumeSpec, 'name'>,
  options: Partial<VolumeMount> = {},
): Promise<ResolvedContainer> {
  const pod = podWith(
    {
      volumeMounts: [{ name: 'v', mountPath, ...options }],
      env: [{ name: 'NAME', value: 'nested' }, { name: 'EMPTY' }],
    },
    [{ name: 'v', ...volume }],
  );
  return containerOf(await resolvePod(cluster, pod));
}

describe('the files of a volume', () => {
  it.each<[string, Omit<VolumeSpec, 'name'>, Record<string, string>]>([
    ['all keys of a Secret', { secret: { secretName: 'override' } }, { uri: 'later' }],
    [
      'chosen keys of a Secret at chosen paths',
      {
        secret: {
          secretName: 'db',
          items: [
            { key: 'uri', path: 'url' },
            { key: 'password', path: 'deep/er/pw' },
          ],
        },
      },
      { url: 'postgres://db', 'deep/er/pw': 'secret' },
    ],
    [
      'a ConfigMap',
      { configMap: { name: 'settings', items: [{ key: 'mode', path: 'mode' }] } },
      { mode: 'fast' },
    ],
    ['an emptyDir', { emptyDir: {} }, {}],
    [
      'fields of the Pod',
      {
        downwardAPI: {
          items: [
            { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
            { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
          ],
        },
      },
      {
        name: 'cart',
        labels: 'app="cart"\ntier="web"',
        annotations:
          String.raw`example.com/type="postgresql"` + '\n' + String.raw`note="two\nlines \"quoted\" \x01"`,
      },
    ],
    [
      'several sources',
      {
        projected: {
          sources: [
            { secret: { name: 'db', items: [{ key: 'password', path: 'password' }] } },
            { configMap: { name: 'settings', items: [{ key: 'mode', path: 'conf/mode' }] } },
            { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
          ],
        },
      },
      { password: 'secret', 'conf/mode': 'fast', ns: 'shop' },
    ],
    [
      'the later of two sources for one path',
      {
        projected: {
          sources: [
            { secret: { name: 'db' } },
            { secret: { name: 'override' } },
            {
              downwardAPI: {
                items: [
                  { path: 'type', fieldRef: { fieldPath: "metadata.annotations['example.com/type']" } },
                ],
              },
            },
          ],
        },
      },
      { type: 'postgresql', uri: 'later', password: 'secret' },
    ],
    [
      'nothing of what is optional and missing',
      {
        projected: {
          sources: [
            { secret: { name: 'nobody', optional: true } },
            { secret: { name: 'nobody', optional: true, items: [{ key: 'a', path: 'a' }] } },
            {
              secret: {
                name: 'db',
                optional: true,
                items: [
                  { key: 'nothing', path: 'a' },
                  { key: 'uri', path: 'b' },
                ],
              },
            },
            { configMap: { name: 'nobody', optional: true } },
          ],
        },
      },
      { b: 'postgres://db' },
    ],
    ['no sources', { projected: {} }, {}],
  ])('%s', async (_case, volume, files) => {
    expect(textsAt(await mount(volume), mountPath)).toEqual(files);
  });

  it('are byte for byte what the object holds', async () => {
    const fromSecret = await mount({ secret: { secretName: 'binary' } });
    expect([...(fromSecret.files[mountPath]?.['key']?.content ?? [])]).toEqual([0, 255, 10]);
    const fromConfigMap = await mount({ configMap: { name: 'settings' } });
    expect([...(fromConfigMap.files[mountPath]?.['logo']?.content ?? [])]).toEqual([0, 255, 10]);
  });

  it.each<[string, Omit<VolumeSpec, 'name'>, Record<string, string>]>([
    ['0644 by default', { secret: { secretName: 'override' } }, { uri: '644' }],
    ['defaultMode', { secret: { secretName: 'override', defaultMode: 0o400 } }, { uri: '400' }],
    [
      'the mode of an item before defaultMode',
      {
        projected: {
          defaultMode: 0o440,
          sources: [
            {
              secret: {
                name: 'db',
                items: [
                  { key: 'uri', path: 'a', mode: 0o600 },
                  { key: 'uri', path: 'b' },
                ],
              },
            },
            {
              downwardAPI: { items: [{ path: 'c', mode: 0o404, fieldRef: { fieldPath: 'metadata.name' } }] },
            },
          ],
        },
      },
      { a: '600', b: '440', c: '404' },
    ],
  ])('have the mode: %s', async (_case, volume, modes) => {
    expect(modesAt(await mount(volume), mountPath)).toEqual(modes);
  });

  it.each<[string, Omit<VolumeSpec, 'name'>, string]>([
    ['a missing Secret', { secret: { secretName: 'nobody' } }, 'secret "nobody" not found'],
    ['a missing ConfigMap', { configMap: { name: 'nobody' } }, 'configmap "nobody" not found'],
    [
      'a missing key of a Secret',
      { secret: { secretName: 'db', items: [{ key: 'nothing', path: 'a' }] } },
      'references non-existent secret key: nothing',
    ],
    [
      'a missing key of a ConfigMap',
      { configMap: { name: 'settings', items: [{ key: 'nothing', path: 'a' }] } },
      'configmap references non-existent config key: nothing',
    ],
    [
      'a missing source among several',
      { projected: { sources: [{ secret: { name: 'db' } }, { secret: { name: 'nobody' } }] } },
      'secret "nobody" not found',
    ],
    [
      'several missing sources',
      {
        projected: {
          sources: [
            { secret: { name: 'nobody' } },
            { configMap: { name: 'none' } },
            { secret: { name: 'nobody' } },
          ],
        },
      },
      '[secret "nobody" not found, configmap "none" not found]',
    ],
  ])('the Pod waits for %s', async (_case, volume, message) => {
    const pod = podWith({ volumeMounts: [{ name: 'v', mountPath }] }, [{ name: 'v', ...volume }]);
    expect(await resolvePod(cluster, pod)).toEqual({
      kind: 'waiting',
      reason: 'FailedMount',
      message: `MountVolume.SetUp failed for volume "v" : ${message}`,
    });
  });

  it('of a volume that no container mounts are not asked for', async () => {
    const pod = podWith({}, [{ name: 'v', secret: { secretName: 'nobody' } }]);
    expect(await resolvePod(cluster, pod)).toMatchObject({ kind: 'resolved' });
  });
});

describe('a mount', () => {
  const nested = {
    secret: {
      secretName: 'db',
      items: [
        { key: 'uri', path: 'nested/uri' },
        { key: 'type', path: 'type' },
      ],
    },
  };

  it.each<[string, Partial<VolumeMount>, string, Record<string, string>]>([
    ['of a whole volume', {}, 'atomic', { 'nested/uri': 'postgres://db', type: 'mysql' }],
    ['of one file', { subPath: 'type' }, 'file', { '': 'mysql' }],
    ['of a file further down', { subPath: 'nested/uri' }, 'file', { '': 'postgres://db' }],
    ['of a directory', { subPath: 'nested' }, 'directory', { uri: 'postgres://db' }],
    ['of a path that is not there', { subPath: 'nothing' }, 'directory', {}],
    ['of a path from a variable', { subPathExpr: '$(NAME)/uri' }, 'file', { '': 'postgres://db' }],
  ])('%s', async (_case, options, layout, files) => {
    const container = await mount(nested, options);
    expect(container.mounts).toEqual([{ mountPath, volume: 'v', readOnly: true, layout }]);
    expect(textsAt(container, mountPath)).toEqual(files);
  });

  it.each(['$(NOBODY)', '$(EMPTY)'])(
    'of a path with the unknown or empty variable %s waits',
    async (subPathExpr) => {
      await expect(mount(nested, { subPathExpr })).rejects.toThrow(
        `the container waits: missing value for ${subPathExpr.slice(2, -1)}`,
      );
    },
  );

  it.each([
    [{ emptyDir: {} }, {}, false],
    [{ emptyDir: {} }, { readOnly: true }, true],
    [{ secret: { secretName: 'db' } }, {}, true],
    [{ projected: {} }, { readOnly: false }, true],
  ])('of %j with %j: readOnly is %s', async (volume, options, readOnly) => {
    expect((await mount(volume, options)).mounts[0]?.readOnly).toBe(readOnly);
  });

  it('of what kubelet-lite does not provide is an empty directory, and is told', async () => {
    const claim = { persistentVolumeClaim: { claimName: 'data' } };
    const container = await mount(claim);
    expect(textsAt(container, mountPath)).toEqual({});
    expect(container.notProvided).toEqual([
      'volume v of type persistentVolumeClaim: an empty directory instead',
    ]);
    const token = await mount({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } });
    expect(token.notProvided).toEqual(['volume v: serviceAccountToken']);
  });

  it('of a volume that the Pod does not have is an error', async () => {
    const pod = podWith({ volumeMounts: [{ name: 'nobody', mountPath }] });
    await expect(resolvePod(cluster, pod)).rejects.toThrow(
      'mounts volume nobody, which the Pod does not have',
    );
  });
});
