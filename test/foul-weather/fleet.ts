import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinderyProcess } from '../../demo/bindery-process.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import type { Balancer } from './balancer.ts';

export type Role = 'controller' | 'webhook';

/** A replica: its process is replaced when it ends, its way to the API server stays. */
export interface Replica {
  readonly name: string;
  readonly role: Role;
  /** Between the replica and the API server. */
  readonly relay: TcpRelay;
  readonly kubeconfig: string;
  process: BinderyProcess;
  /** Of a webhook, where it serves. */
  port: number;
  /** A storm has it, and looks after it. */
  isHeld: boolean;
}

export interface FleetDeps {
  readonly plane: ControlPlane;
  /** The webhook's address for the API server. */
  readonly balancer: Balancer;
  /** A directory for kubeconfigs. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** What nobody asks for any more goes while the weather is watched. */
const soon = [
  '--request-reclaim=0s',
  '--binding-reclaim=1s',
  '--reclaim-view=2s',
  '--reclaim-delete-view=2s',
];

/** Two controllers and two webhooks, as processes of their own. Whoever ends is started again, as a kubelet does it. */
export class Fleet {
  readonly replicas: Replica[] = [];
  /** Processes that ended though nobody killed them, with their last words. */
  readonly deaths: string[] = [];
  /** What all processes have written, those that are gone included. */
  readonly #logs: string[] = [];
  readonly #deps: FleetDeps;

  private constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  static async start(deps: FleetDeps): Promise<Fleet> {
    const fleet = new Fleet(deps);
    try {
      const names = ['controller-1', 'controller-2', 'webhook-1', 'webhook-2'];
      await Promise.all(names.map((name) => fleet.#launch(name)));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  of(role: Role): readonly Replica[] {
    return this.replicas.filter((replica) => replica.role === role);
  }

  /** The controllers that say of themselves that they lead. */
  async leaders(): Promise<readonly Replica[]> {
    const all = this.of('controller').filter(({ isHeld }) => !isHeld);
    const flags = await Promise.all(all.map(({ process }) => isLeading(process)));
    return all.filter((_replica, position) => flags[position]);
  }

  /** kill -9, and a new process after `pauseMs` has passed. */
  async replace(replica: Replica, pause: () => Promise<void>): Promise<void> {
    replica.isHeld = true;
    await replica.process.kill();
    await this.#bury(replica);
    await pause();
    await this.#board(replica);
    replica.isHeld = false;
  }

  /** Starts again whoever has ended by itself. */
  async tend(): Promise<void> {
    for (const replica of this.replicas) {
      if (replica.isHeld || replica.process.exitCode === undefined) continue;
      replica.isHeld = true;
      const words = await replica.process.logTail(3);
      this.deaths.push(`${replica.name} (code ${replica.process.exitCode}): ${words.join(' | ')}`);
      await this.#bury(replica);
      await this.#board(replica);
      replica.isHeld = false;
    }
  }

  /** Everything that was written by any of them. */
  async log(): Promise<string> {
    const current = await Promise.all(this.replicas.map(({ process }) => process.log()));
    return [...this.#logs, ...current].join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.replicas.map(async ({ process, relay }) => {
        await process.stop();
        await relay.close();
      }),
    );
  }

  async #launch(name: string): Promise<void> {
    const { plane, directory } = this.#deps;
    const role = name.startsWith('webhook') ? 'webhook' : 'controller';
    const target = new URL(plane.server);
    const relay = await TcpRelay.start(target);
    const kubeconfig = join(directory, `${name}.kubeconfig`);
    const text = await readFile(plane.kubeconfig, 'utf8');
    await writeFile(kubeconfig, text.replaceAll(plane.server, relay.url(target).origin), { mode: 0o600 });
    try {
      const { process, port } = await this.#spawn(role, kubeconfig);
      this.replicas.push({ name, role, relay, kubeconfig, process, port, isHeld: false });
    } catch (error) {
      await relay.close();
      throw error;
    }
  }

  async #board(replica: Replica): Promise<void> {
    Object.assign(replica, await this.#spawn(replica.role, replica.kubeconfig));
  }

  async #spawn(role: Role, kubeconfig: string): Promise<{ process: BinderyProcess; port: number }> {
    const { balancer, signal } = this.#deps;
    const port = await freePort();
    const address = [`--listen=127.0.0.1:${port}`, `--webhook-url=https://${balancer.host}`];
    const process = await BinderyProcess.start({
      kubeconfig,
      role,
      signal,
      args: role === 'webhook' ? address : [...soon, '--max-retry-interval=5s', '--max-poll-interval=2s'],
    });
    if (role === 'webhook') balancer.add(port);
    return { process, port };
  }

  async #bury({ process, port, role }: Replica): Promise<void> {
    if (role === 'webhook') this.#deps.balancer.remove(port);
    this.#logs.push(await process.log());
    await process.stop();
  }
}

async function isLeading(process: BinderyProcess): Promise<boolean> {
  const metrics = await process.metrics().catch(() => '');
  return /^bindery_leader(\{[^}]*\})? 1$/m.test(metrics);
}
