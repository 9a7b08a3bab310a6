import { silentLogger } from '../../../src/base/logger.ts';
import { Controller } from '../../../src/control/controller.ts';
import { readAnew } from '../../../src/control/read-anew.ts';
import { runSteps, stop } from '../../../src/control/steps.ts';
import { Store } from '../../../src/control/store.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';

const conflict = new KubeApiError({ status: 409, reason: 'Conflict', message: 'changed' });
const notFound = new KubeApiError({ status: 404, reason: 'NotFound', message: 'gone' });

function version(resourceVersion: string): KubeObject {
  return { metadata: { namespace: 'ns', name: 'a', uid: 'uid', resourceVersion } };
}

/** A controller whose watch says nothing, and an API server that refuses writes of what it knows as old. */
class SilentWatch {
  readonly store = new Store<KubeObject>();
  readonly outcomes: string[] = [];
  /** Versions that a run tried to write. */
  readonly writes: string[] = [];
  reads = 0;
  /** What the API server has. */
  live: KubeObject | undefined = version('7');
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;

  constructor() {
    this.store.put(version('5'));
    const controller = new Controller({
      name: 'test',
      concurrency: 1,
      logger: silentLogger,
      backoff: { initialMs: 20, maxMs: 20 },
      observe: ({ outcome }) => this.outcomes.push(outcome),
      reconcile: async (key, signal) => {
        const object = this.store.get(key);
        if (object === undefined) return undefined;
        return runSteps([(known: KubeObject) => this.#write(known)], object, (known) =>
          readAnew({ get: () => this.#read() }, configMaps, known, this.store, signal),
        );
      },
    });
    this.#finished = controller.start(this.#stop.signal);
    controller.enqueue('ns/a');
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#finished;
  }

  async #read<T extends KubeObject>(): Promise<T> {
    this.reads++;
    if (this.live === undefined) throw notFound;
    return this.live as T;
  }

  async #write({ metadata }: KubeObject): Promise<typeof stop> {
    this.writes.push(metadata.resourceVersion ?? '');
    if (metadata.resourceVersion !== this.live?.metadata.resourceVersion) throw conflict;
    return stop;
  }
}

describe('a conflict while the watch is silent', () => {
  it('reads the object, and goes on with what is there', async () => {
    const world = new SilentWatch();
    await waitFor(() => world.outcomes.includes('done'));
    expect(world.outcomes).toEqual(['requeued', 'done']);
    expect(world.writes).toEqual(['5', '7']);
    expect(world.reads).toBe(1);
    await world.end();
  });

  it('about an object that is gone ends with it', async () => {
    const world = new SilentWatch();
    world.live = undefined;
    await waitFor(() => world.outcomes.includes('done'));
    expect(world.writes).toEqual(['5']);
    expect(world.store.get('ns/a')).toBeUndefined();
    await world.end();
  });
});
