import type { AsyncBehaviour } from './behaviour.ts';

/** An operation that goes on after a 202. */
export interface PendingOperation {
  readonly of: 'provision' | 'update' | 'deprovision' | 'bind' | 'unbind';
  /** Text that every poll has to echo; empty when none was given. */
  readonly operation: string;
  /** Plan id that polls have to carry: the one from before an update. */
  readonly planId: string;
  readonly behaviour: AsyncBehaviour;
  /** What happens to the state when it succeeds. */
  readonly finish: () => void;
  pollsLeft: number;
}

export interface LiveInstance {
  readonly id: string;
  readonly serviceId: string;
  planId: string;
  parameters: unknown;
  context: unknown;
  maintenanceVersion: string | undefined;
  /** The document of the PUT and what updates have changed of it, to tell a repeated one from a differing one. */
  document: Readonly<Record<string, unknown>>;
  pending: PendingOperation | undefined;
  /** The last one that was polled to its end has failed: whoever asks again is told so again. */
  failed?: PendingOperation | undefined;
  /** True from the end of a successful provisioning. */
  ready: boolean;
}

export interface LiveBinding {
  readonly id: string;
  readonly instanceId: string;
  readonly serviceId: string;
  readonly planId: string;
  readonly parameters: unknown;
  readonly bindResource: unknown;
  readonly credentials: Readonly<Record<string, unknown>>;
  readonly fingerprint: string;
  readonly predecessorId: string | undefined;
  pending: PendingOperation | undefined;
  /** As of an instance. */
  failed?: PendingOperation | undefined;
  ready: boolean;
  /** The credentials were handed out. */
  shown: boolean;
}

/** What exists at the broker, ready or not: all of it costs money. */
export class BrokerState {
  readonly instances = new Map<string, LiveInstance>();
  readonly #bindings = new Map<string, LiveBinding>();
  /** Ids of instances and bindings that existed once: polls of them answer 410, and nobody should use them again. */
  readonly deletedIds = new Set<string>();

  binding(instanceId: string, bindingId: string): LiveBinding | undefined {
    return this.#bindings.get(`${instanceId}\n${bindingId}`);
  }

  bindings(): readonly LiveBinding[] {
    return [...this.#bindings.values()];
  }

  bindingsOf(instanceId: string): readonly LiveBinding[] {
    return this.bindings().filter((binding) => binding.instanceId === instanceId);
  }

  removeInstance(id: string): void {
    this.instances.delete(id);
    this.deletedIds.add(id);
  }

  addBinding(binding: LiveBinding): void {
    this.#bindings.set(`${binding.instanceId}\n${binding.id}`, binding);
  }

  removeBinding(binding: Pick<LiveBinding, 'id' | 'instanceId'>): void {
    this.#bindings.delete(`${binding.instanceId}\n${binding.id}`);
    this.deletedIds.add(binding.id);
  }

  clear(): void {
    this.instances.clear();
    this.#bindings.clear();
    this.deletedIds.clear();
  }
}
