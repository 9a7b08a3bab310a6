import { writeStatus, type StatusClient } from '../../../src/control/status-writer.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

interface Thing extends KubeObject {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly object[] };
}

const resource = { group: 'example.org', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
const thing: Thing = {
  metadata: { name: 'a', namespace: 'n', resourceVersion: '7' },
  status: { phase: 'Old', conditions: [{ type: 'Ready' }] },
};

describe('writing a status', () => {
  it('replaces the status under the resourceVersion that was read, and stores the answer', async () => {
    const { calls, client } = recordingClient();
    const stored: Thing[] = [];

    const next = { conditions: [{ type: 'Ready' }, { type: 'Failed' }] };
    const written = await writeStatus(
      client,
      resource,
      thing,
      next,
      { put: (object) => stored.push(object) },
      signal(),
    );

    expect(calls).toEqual([
      [
        resource,
        { metadata: { name: 'a', namespace: 'n', resourceVersion: '7' }, status: next },
        expect.objectContaining({ subresource: 'status' }),
      ],
    ]);
    expect(written).toEqual({ metadata: { name: 'answered' } });
    expect(stored).toEqual([written]);
  });

  it('makes no call when nothing differs, and returns the object itself', async () => {
    const { calls, client } = recordingClient();
    const same = { conditions: [{ type: 'Ready' }], phase: 'Old' };
    expect(await writeStatus(client, resource, thing, same, { put: fail }, signal())).toBe(thing);
    expect(calls).toEqual([]);
  });

  it('addresses a cluster-scoped object without a namespace, and writes a first status whole', async () => {
    const { calls, client } = recordingClient();
    const bare: Thing = { metadata: { name: 'c', resourceVersion: '1' } };
    await writeStatus(client, resource, bare, { phase: 'New' }, { put() {} }, signal());
    expect(calls[0]?.[1]).toEqual({
      metadata: { name: 'c', resourceVersion: '1' },
      status: { phase: 'New' },
    });
  });

  it('lets a refusal through and stores nothing', async () => {
    const client = { replace: () => Promise.reject(new Error('conflict')), patch: fail, get: fail };
    await expect(
      writeStatus(client, resource, thing, { phase: 'New' }, { put: fail }, signal()),
    ).rejects.toThrow('conflict');
  });
});

it('is a patch for whom the rights of the release before are all there is, of the version that was read', async () => {
  const { calls, client } = recordingClient();
  const forbidden = new KubeApiError({ status: 403, reason: 'Forbidden', message: 'may not update' });
  const limited = { ...client, replace: () => Promise.reject(forbidden), patch: client.replace } as never;
  const written = await writeStatus(limited, resource, thing, { phase: 'New' }, { put() {} }, signal());
  expect(calls).toEqual([
    [
      resource,
      { namespace: 'n', name: 'a' },
      { metadata: { resourceVersion: '7' }, status: { phase: 'New', conditions: null } },
      expect.objectContaining({ type: 'merge', subresource: 'status' }),
    ],
  ]);
  expect(written).toEqual({ metadata: { name: 'answered' } });
});

describe('writing the result of what has happened', () => {
  const old: Thing = { ...thing, metadata: { ...thing.metadata, uid: 'u' } };

  it('is repeated on the version that is there, when somebody wrote the same object meanwhile', async () => {
    const { calls, client } = changedMeanwhile({ name: 'a', uid: 'u', resourceVersion: '9' });
    await writeStatus(client, resource, old, { phase: 'Done' }, { put() {} }, signal(), 'uid');
    expect(calls).toEqual([
      { metadata: { name: 'a', namespace: 'n', resourceVersion: '7' }, status: { phase: 'Done' } },
      { metadata: { resourceVersion: '9' }, status: { phase: 'Done', conditions: null } },
    ]);
  });

  it('never reaches another object of the same name', async () => {
    const { calls, client } = changedMeanwhile({ name: 'a', uid: 'other', resourceVersion: '9' });
    const written = writeStatus(client, resource, old, { phase: 'Done' }, { put: fail }, signal(), 'uid');
    await expect(written).rejects.toMatchObject({ status: 409 });
    expect(calls).toHaveLength(1);
  });

  it('is given up when the object is never the one that was read', async () => {
    const { client } = changedMeanwhile({ name: 'a', uid: 'u', resourceVersion: '7' });
    const written = writeStatus(client, resource, old, { phase: 'Done' }, { put: fail }, signal(), 'uid');
    await expect(written).rejects.toMatchObject({ status: 409 });
  });
});

/** Refuses version 7, and reads what is there now. */
function changedMeanwhile(metadata: KubeObject['metadata']): {
  calls: unknown[];
  client: StatusClient;
} {
  const calls: unknown[] = [];
  const conflict = new KubeApiError({ status: 409, reason: 'Conflict', message: 'changed' });
  const written = (write: KubeObject): Promise<KubeObject> => {
    calls.push(write);
    return write.metadata.resourceVersion === '7' ? Promise.reject(conflict) : Promise.resolve({ metadata });
  };
  const client = {
    replace: (_resource: unknown, write: KubeObject) => written(write),
    patch: (_resource: unknown, _ref: unknown, write: KubeObject) => written(write),
    get: () => Promise.resolve({ metadata }),
  } as unknown as StatusClient;
  return { calls, client };
}

function recordingClient(): { calls: unknown[][]; client: StatusClient } {
  const calls: unknown[][] = [];
  const client = {
    patch: fail,
    replace: (...call: unknown[]) => {
      calls.push(call);
      return Promise.resolve({ metadata: { name: 'answered' } });
    },
    get: fail,
  } as StatusClient;
  return { calls, client };
}

function fail(): never {
  throw new Error('nothing was to be stored');
}

function signal(): AbortSignal {
  return new AbortController().signal;
}
