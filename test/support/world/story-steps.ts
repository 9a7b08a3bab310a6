import {
  KubeClient,
  type DeleteOptions,
  type KubeClientDeps,
  type PatchOptions,
  type ReplaceOptions,
  type WriteOptions,
} from '../../../src/kube/client.ts';
import type { KubeObject, NewObject, ObjectRef } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { restartsVariable } from './restarts-variable.ts';

/**
 * A story alternates between what the test does and what it waits for. With restarts on, the controllers are ended
 * without a goodbye and started anew at each step: when the test does the next thing after what it waited for has come.
 */
export class StorySteps {
  readonly #isOn: boolean;
  #restart: () => Promise<void> = () => Promise.resolve();
  #restarting: Promise<void> = Promise.resolve();
  #isSettled = false;
  #holds = 0;

  /** @param isOn by default what the environment says */
  constructor(isOn = process.env[restartsVariable] === '1') {
    this.#isOn = isOn;
  }

  /** @param restart ends the controllers that run, if any, and starts others */
  onStep(restart: () => Promise<void>): void {
    this.#restart = restart;
  }

  /** What the test waited for has come. */
  settled(): void {
    this.#isSettled = true;
  }

  /** The test is about to do something. */
  async next(): Promise<void> {
    if (this.#isOn && this.#isSettled && this.#holds === 0) this.#restarting = this.#restart();
    this.#isSettled = false;
    await this.#restarting;
  }

  /**
   * No restarts until the end of the block (`using`), for a story about what one process remembers.
   * @param _reason why it can not be told with a restart in the middle
   */
  undisturbed(_reason: string): Disposable {
    this.#holds++;
    return { [Symbol.dispose]: () => void this.#holds-- };
  }
}

/** The client of a test: each of its writes is a step of the story. */
export class StoryClient extends KubeClient {
  readonly #steps: StorySteps;

  constructor(deps: KubeClientDeps, steps: StorySteps) {
    super(deps);
    this.#steps = steps;
  }

  override async create<T extends object>(
    resource: Resource,
    object: T & NewObject,
    options?: WriteOptions,
  ): Promise<T & KubeObject> {
    await this.#steps.next();
    return super.create(resource, object, options);
  }

  override async replace<T extends KubeObject>(
    resource: Resource,
    object: T,
    options?: ReplaceOptions,
  ): Promise<T> {
    await this.#steps.next();
    return super.replace(resource, object, options);
  }

  override async patch<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T> {
    await this.#steps.next();
    return super.patch(resource, ref, patch, options);
  }

  override async delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    await this.#steps.next();
    return super.delete(resource, ref, options);
  }
}
