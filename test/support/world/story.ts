import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../../src/base/logger.ts';
import { install } from '../../../src/commands/install.ts';
import { readManifests } from '../../../src/commands/manifests.ts';
import type { KubeCall } from '../../../src/kube/call.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/credentials.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { startControlPlane, type ControlPlane } from '../../cluster/control-plane.ts';
import { Eavesdropper, expectNoLeaks } from '../secrecy/eavesdropper.ts';
import { StoryClient, StorySteps } from './story-steps.ts';

export interface StoryOptions {
  /** More flags of kube-apiserver. */
  readonly apiServerArgs?: readonly string[];
  /** More flags of etcd. */
  readonly etcdArgs?: readonly string[];
  /** Called for each request of the test. */
  readonly observe?: (call: KubeCall) => void;
}

/** What every world is made of. */
export interface StoryParts {
  readonly controlPlane: ControlPlane;
  readonly client: KubeClient;
  readonly eavesdropper: Eavesdropper;
  readonly steps: StorySteps;
  readonly namespace: string;
}

/** Controllers in the process of the test, with clients that are theirs alone. */
export interface RunningControllers {
  /** When they have begun to work. A story goes on before, unless they say. */
  readonly ready?: Promise<unknown>;
  /** Has them end what they do. */
  stop(): Promise<void>;
  /** Ends them without a goodbye. */
  abandon(): Promise<void>;
}

/** A control plane that knows our kinds, with a namespace for the test, and somebody who listens. */
export async function startStory(options: StoryOptions): Promise<StoryParts> {
  const { apiServerArgs = [], etcdArgs = [], observe } = options;
  const controlPlane = await startControlPlane({ apiServerArgs, etcdArgs });
  const steps = new StorySteps();
  const connection = await loadConnection({ kubeconfig: controlPlane.kubeconfig });
  const client = new StoryClient({ connection, observe }, steps);
  const manifests = (await readManifests()).filter((text) => text.includes('CustomResourceDefinition'));
  const deps = { client, logger: silentLogger, manifests, namespace: 'bindery-system' };
  await install(deps, AbortSignal.timeout(30_000));
  const namespace = `world-${randomUUID().slice(0, 8)}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  return { controlPlane, client, eavesdropper: await Eavesdropper.start(client), steps, namespace };
}

/**
 * A story about controllers: they run in the process of the test, and with `--restarts` they end and start anew at each of
 * its steps. All that is said in it is heard, and `stop` fails when a marked secret was told.
 */
export class Story<Controllers extends RunningControllers> {
  readonly controlPlane: ControlPlane;
  readonly client: KubeClient;
  readonly namespace: string;
  readonly eavesdropper: Eavesdropper;
  protected readonly steps: StorySteps;
  readonly #abandoned: Promise<void>[] = [];
  #running: Controllers | undefined;
  #start: (() => Controllers) | undefined;

  protected constructor({ controlPlane, client, eavesdropper, steps, namespace }: StoryParts) {
    this.controlPlane = controlPlane;
    this.client = client;
    this.eavesdropper = eavesdropper;
    this.steps = steps;
    this.namespace = namespace;
    steps.onStep(() => this.restart());
  }

  /** The controllers that run now. */
  protected get running(): Controllers | undefined {
    return this.#running;
  }

  /** @param start also called for those that take their place */
  protected run(start: () => Controllers): Controllers {
    this.#start = start;
    this.#running = start();
    return this.#running;
  }

  async stopControllers(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** They end without a goodbye. */
  async killControllers(): Promise<void> {
    await this.#running?.abandon();
    this.#running = undefined;
  }

  /** No restarts until the end of the block: `using _ = world.undisturbed('…why')`. */
  undisturbed(reason: string): Disposable {
    return this.steps.undisturbed(reason);
  }

  protected async restart(): Promise<void> {
    if (this.#running === undefined) return;
    this.#abandoned.push(this.#running.abandon());
    this.#running = this.#start?.();
    await this.#running?.ready;
  }

  /** @throws Error when a marked secret was told; everything is stopped and removed all the same */
  async stop(): Promise<void> {
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.defer(async () => this.controlPlane.stop());
    cleanUp.defer(async () => this.client.close());
    await this.stopControllers();
    await Promise.all(this.#abandoned);
    expectNoLeaks(await this.eavesdropper.stop());
  }
}
