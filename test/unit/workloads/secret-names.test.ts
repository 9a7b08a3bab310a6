import type { RawPodSpec } from '../../../src/injection/pod.ts';
import { secretNames } from '../../../src/workloads/secret-names.ts';

const volume = (source: object): RawPodSpec => ({ volumes: [{ name: 'v', ...source }] });
const container = (parts: object) => [{ name: 'c', ...parts }];
const ref = { secretRef: { name: 's' } };

describe('where a Pod names a Secret', () => {
  it.each<[string, RawPodSpec]>([
    ['env', { containers: container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] }) }],
    ['envFrom', { containers: container({ envFrom: [ref] }) }],
    ['envFrom of an init container', { initContainers: container({ envFrom: [ref] }) }],
    ['envFrom of an ephemeral container', { ephemeralContainers: container({ envFrom: [ref] }) }],
    ['a volume', volume({ secret: { secretName: 's' } })],
    [
      'a projected volume',
      volume({ projected: { sources: [{ configMap: {} }, { secret: { name: 's' } }] } }),
    ],
    ['a CSI driver', volume({ csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } })],
    ['azureFile', volume({ azureFile: { shareName: 'x', secretName: 's' } })],
    ['cephfs', volume({ cephfs: ref })],
    ['flexVolume', volume({ flexVolume: ref })],
    ['iscsi', volume({ iscsi: ref })],
    ['rbd', volume({ rbd: ref })],
    ['scaleIO', volume({ scaleIO: ref })],
    ['storageos', volume({ storageos: ref })],
    ['imagePullSecrets', { imagePullSecrets: [{ name: 's' }] } as RawPodSpec],
  ])('%s', (_where, spec) => {
    expect(secretNames(spec)).toEqual(['s']);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    [
      'nulls, as Go clients write them',
      { containers: null, volumes: [{ name: 'v', secret: null }], imagePullSecrets: null },
    ],
    ['an empty name', { imagePullSecrets: [{ name: '' }, {}] }],
    ['a name that is none', { imagePullSecrets: [{ name: 7 }], containers: { name: 'c' } }],
  ])('not in %s', (_what, spec) => {
    expect(secretNames(spec as RawPodSpec)).toEqual([]);
  });
});
