import { setTimeout as delay } from 'node:timers/promises';
import { BinderyProcess } from '../../../demo/bindery-process.ts';
import { readLease, type Lease } from '../../../src/kube/lease.ts';
import { isReady, ServiceWorld, type WorldOptions } from '../../support/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

export const leaseRef = { namespace: 'bindery-system', name: 'bindery-controller' };

type Role = 'run' | 'controller' | 'webhook';

/** A service world whose controllers are processes of their own, elected, so that they can be stopped and continued. */
export class LifeWorld {
  readonly world: ServiceWorld;
  readonly #processes: BinderyProcess[] = [];

  private constructor(world: ServiceWorld) {
    this.world = world;
  }

  static async start(options: WorldOptions = {}): Promise<LifeWorld> {
    return new LifeWorld(await ServiceWorld.start({ ...options, controllers: 'none' }));
  }

  async startBindery(role: Role, ...args: readonly string[]): Promise<BinderyProcess> {
    const started = await BinderyProcess.start({
      kubeconfig: this.world.controlPlane.kubeconfig,
      role,
      args: ['--log-level=debug', ...args],
      signal: AbortSignal.timeout(60_000),
    });
    this.#processes.push(started);
    return started;
  }

  /** The API server answers nobody for so long. */
  async pauseApiServer(ms: number): Promise<void> {
    const { controlPlane } = this.world;
    controlPlane.pauseApiServer();
    await delay(ms);
    controlPlane.resumeApiServer();
  }

  /** Whoever has the Lease renews it, and is one of these processes that says so itself. */
  async hasOneLeader(processes: readonly BinderyProcess[]): Promise<void> {
    const before = await this.lease();
    await waitFor(
      async () => {
        const { holderIdentity, renewTime } = (await this.lease())?.spec ?? {};
        return Boolean(holderIdentity) && renewTime !== before?.spec?.renewTime;
      },
      { timeoutMs: 45_000, describe: async () => `a renewed Lease: ${JSON.stringify(await this.lease())}` },
    );
    await waitFor(
      async () => {
        const leading = await Promise.all(processes.map(isLeading));
        return leading.filter(Boolean).length === 1;
      },
      { timeoutMs: 45_000, describe: 'one of the processes leads' },
    );
  }

  async lease(): Promise<Lease | undefined> {
    return readLease(this.world.client, leaseRef, { timeoutMs: 5_000 });
  }

  /** A new instance is served. */
  async serves(name: string): Promise<void> {
    await waitFor(async () => this.world.createInstance(name), {
      describe: 'the API server takes an instance',
    });
    await this.world.instance(name, isReady, 'is ready');
  }

  async stop(): Promise<void> {
    // A server that is still paused would hold up everything.
    this.world.controlPlane.resumeApiServer();
    for (const bindery of this.#processes) {
      bindery.resume();
      await bindery.end();
      this.world.eavesdropper.hear('log of bindery', await bindery.log());
      await bindery.stop();
    }
    await this.world.stop();
  }
}

export async function isLeading(bindery: BinderyProcess): Promise<boolean> {
  return /^bindery_leader 1$/m.test(await bindery.metrics());
}
