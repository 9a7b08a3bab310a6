import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { BinderyProcess, type BinderyOptions } from '../../../demo/bindery-process.ts';
import { readLease, type Lease } from '../../../src/kube/lease.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { mutatingWebhookConfigurations, namespaces } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld, type WorldOptions } from './service-world.ts';
import { waitFor } from '../wait-for.ts';

const leaseRef = { namespace: 'bindery-system', name: 'bindery-controller' };

/** Shorter than by default, so that an outage of seconds costs the lead; who has lost it gets 4.5 s to end its work. */
export const shortLease = ['--lease-duration=7s', '--renew-deadline=2500ms', '--retry-period=500ms'];

/** A service world whose controllers are elected processes of their own, which can be stopped and continued. */
export class LifeWorld {
  readonly world: ServiceWorld;
  readonly #processes: BinderyProcess[] = [];

  private constructor(world: ServiceWorld) {
    this.world = world;
  }

  static async start(options: WorldOptions = {}): Promise<LifeWorld> {
    const world = await ServiceWorld.start({ ...options, controllers: 'none' });
    const metadata = { name: leaseRef.namespace };
    await world.client.create(namespaces, { metadata });
    return new LifeWorld(world);
  }

  async startBindery(options: Pick<BinderyOptions, 'role' | 'args' | 'env'> & { kubeconfig?: string }) {
    const started = await BinderyProcess.start({
      kubeconfig: this.world.controlPlane.kubeconfig,
      signal: AbortSignal.timeout(60_000),
      ...options,
      args: ['--log-level=debug', ...(options.args ?? [])],
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

  /** The Lease is renewed, and exactly one of the processes says that it leads. Gives that one. */
  async leaderOf(processes: readonly BinderyProcess[]): Promise<BinderyProcess> {
    const before = await this.lease();
    const patience = { timeoutMs: 45_000 };
    await waitFor(
      async () => {
        const { holderIdentity, renewTime } = (await this.lease())?.spec ?? {};
        return Boolean(holderIdentity) && renewTime !== before?.spec?.renewTime;
      },
      { ...patience, describe: async () => `a renewed Lease: ${JSON.stringify(await this.lease())}` },
    );
    return waitFor(
      async () => {
        const leading = await Promise.all(processes.map(isLeading));
        return leading.filter(Boolean).length === 1 ? processes[leading.indexOf(true)] : undefined;
      },
      {
        ...patience,
        describe: async () => `exactly one of the processes leads\n${await ends(processes)}`,
      },
    );
  }

  async lease(): Promise<Lease | undefined> {
    return readLease(this.world.client, leaseRef, { timeoutMs: 5_000 });
  }

  /** A new instance is served. */
  async serves(name: string): Promise<void> {
    await waitFor(async () => this.world.createInstance(name), {
      describe: `the API server takes instance ${name}`,
    });
    await this.world.instance(name, isReady, 'is ready');
  }

  /** The URL at which the API server calls the Pod hook of `bindery run`. */
  async podHook(): Promise<string> {
    const configuration = await this.world.client.get<WebhookConfiguration>(mutatingWebhookConfigurations, {
      name: 'bindery',
    });
    const urls = configuration.webhooks.map(({ clientConfig }) => clientConfig.url ?? '');
    return urls.find((url) => url.endsWith('/mutate/pods')) ?? '';
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

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly url?: string } }[];
}

/** What those that have ended said at last. */
async function ends(processes: readonly BinderyProcess[]): Promise<string> {
  const ended = processes.filter(({ exitCode }) => exitCode !== undefined);
  const tails = ended.map(async (bindery) => [
    `exit code ${bindery.exitCode}:`,
    ...(await bindery.logTail(5)),
  ]);
  return (await Promise.all(tails)).flat().join('\n');
}

export async function isLeading(bindery: BinderyProcess): Promise<boolean> {
  return /^bindery_leader 1$/m.test(await bindery.metrics());
}

export async function probes(bindery: BinderyProcess): Promise<{ livez: number; readyz: number }> {
  const [livez, readyz] = await Promise.all([bindery.probe('/livez'), bindery.probe('/readyz')]);
  return { livez, readyz };
}

/** Both probes say ok, soon. */
export async function becomesWell(bindery: BinderyProcess): Promise<void> {
  const isWell = async (): Promise<boolean> => {
    const { livez, readyz } = await probes(bindery);
    return livez === 200 && readyz === 200;
  };
  await waitFor(isWell, {
    describe: async () => `probes that say ok: ${JSON.stringify(await probes(bindery))}`,
  });
}

/** Asks the hook about a Pod that wants nothing, and gives the status of its answer. */
export async function review(url: string): Promise<number> {
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u-1',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'duke' },
      object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [] } },
    },
  });
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', rejectUnauthorized: false, timeout: 5_000 };
    const asked = request(url, { ...options, headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
