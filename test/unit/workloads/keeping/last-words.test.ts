import { Store } from '../../../../src/control/store.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { LastWords } from '../../../../src/workloads/keeping/last-words.ts';
import { trimPod, type KeptPod, type RawPod } from '../../../../src/workloads/pod.ts';
import { trimWorkload, type RawWorkload, type Workload } from '../../../../src/workloads/workload.ts';
import { bind, instance, source } from './made-for.ts';

const reclaim = bind.replace('bind', 'reclaim.bind');
const deletionTimestamp = '2026-01-01T00:00:00Z';

function stores(isThere = true) {
  const words = new LastWords(() => isThere);
  const workloads = new Store<Workload, RawWorkload>({ trim: (raw) => trimWorkload('Deployment', raw) });
  const pods = new Store<KeptPod, RawPod>({ trim: trimPod });
  workloads.subscribe((change) => words.hearWorkload(change));
  pods.subscribe((change) => words.hearPod(change));
  return { words, workloads, pods };
}

function saying(policy: string | undefined, version: string, metadata: Partial<KubeObject['metadata']> = {}) {
  const annotations = { [bind]: source, ...(policy === undefined ? {} : { [reclaim]: policy }) };
  const identity = { name: 'app', namespace: 'n', uid: 'u', resourceVersion: version };
  return { metadata: { ...identity, annotations, ...metadata } };
}

describe('the last words about an instance', () => {
  it('are those of the version that was deleted, whatever was known before', () => {
    const { words, workloads } = stores();
    workloads.put(saying('delete', '1'));
    expect(words.about(instance())).toBeUndefined();
    workloads.remove(saying('keep', '3'));
    expect(words.about(instance())).toEqual([{ kind: 'keep' }]);
  });

  it('are heard of who said nothing, and of who was a while in going', () => {
    const { words, workloads } = stores();
    workloads.put(saying('delete', '1', { deletionTimestamp }));
    expect(words.about(instance())).toBeUndefined();
    workloads.remove(saying('delete', '2', { deletionTimestamp }));
    expect(words.about(instance())).toEqual([{ kind: 'delete' }]);
    workloads.put(saying(undefined, '3', { uid: 'v' }));
    workloads.remove(saying(undefined, '4', { uid: 'v' }));
    expect(words.about(instance())).toEqual([undefined]);
  });

  it('are none of who went while nobody looked', () => {
    const { words, workloads } = stores();
    workloads.put(saying('delete', '1'));
    workloads.replace([], '5');
    expect(words.about(instance())).toBeUndefined();
  });

  it('are none when somebody asks again, when the instance is gone, or was never there', () => {
    const { words, workloads } = stores();
    workloads.put(saying('delete', '1'));
    workloads.remove(saying('delete', '2'));
    workloads.put(saying('delete', '3', { uid: 'v' }));
    expect(words.about(instance())).toBeUndefined();
    workloads.remove(saying('delete', '4', { uid: 'v' }));
    words.forget(instance());
    expect(words.about(instance())).toBeUndefined();
    const never = stores(false);
    never.workloads.put(saying('delete', '1'));
    never.workloads.remove(saying('delete', '2'));
    expect(never.words.about(instance())).toBeUndefined();
  });

  it('are those of a Pod, too, that has finished or is being deleted', () => {
    for (const ended of [{ status: { phase: 'Succeeded' } }, {}]) {
      const { words, pods } = stores();
      const raw = { ...saying('delete', '1', { deletionTimestamp }), ...ended };
      const { instance: name } = trimPod(raw).lastWishes?.[0] ?? { instance: '' };
      pods.put(raw);
      pods.remove(raw);
      expect(words.about({ metadata: { name, namespace: 'n' } })).toEqual([{ kind: 'delete' }]);
    }
  });
});
