import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { apiServerReady } from '../api-server-ready.ts';
import type { Binaries } from '../binaries.ts';
import {
  accessControlPlane,
  authorityCertificate,
  type ClusterAccess,
  type ControlPlaneFiles,
} from '../cluster-access.ts';
import { etcdFlags } from '../server-flags.ts';
import { pauseImageOf } from './image-content.ts';
import { apiServerPort, inside, nodeAddress, nodeName, pauseImage, serviceAddress } from './node-files.ts';
import {
  etcdPorts,
  kubeletFlags,
  nodeApiServerFlags,
  nodeControllerManagerFlags,
  schedulerFlags,
} from './node-flags.ts';
import type { NodeNamespaces, NodeProcess } from './node-namespaces.ts';
import type { NodePrograms } from './node-programs.ts';
import { writeOciArchive } from './oci-archive.ts';
import { relayCommand, type OutsideRelay } from './outside-relay.ts';

export interface StartOptions {
  readonly readyTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** At 100 ms. */
const maxImportAttempts = 50;

/** Where a process of the node's network serves the API server to those outside of it. */
export const apiSocket = (directory: string): string => join(directory, 'api.sock');

export interface LocalNodeDeps {
  readonly files: ControlPlaneFiles;
  readonly token: string;
  readonly namespaces: NodeNamespaces;
  readonly binaries: Binaries;
  readonly programs: NodePrograms;
  readonly log: (line: string) => void;
  /** By which the API server is reached from outside. */
  readonly relay: OutsideRelay;
}

/** The processes of one node, from etcd to the kubelet, in namespaces that exist already. */
export class LocalNode {
  readonly #parts: LocalNodeDeps;
  readonly #access: ClusterAccess;
  #isStopping = false;

  constructor(parts: LocalNodeDeps) {
    this.#parts = parts;
    this.#access = accessControlPlane(parts.files);
  }

  /** Resolves when the node is Ready and Pods can be made. */
  async start(options: StartOptions): Promise<void> {
    const timeoutMs = options.readyTimeoutMs ?? 90_000;
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
    const over = new AbortController();
    const running: NodeProcess[] = [];
    try {
      await Promise.race([
        this.#startParts(running, AbortSignal.any([signal, over.signal])),
        this.#firstFailure(running, over.signal),
      ]);
    } catch (error: unknown) {
      if (!deadline.aborted) throw error;
      const words = await Promise.all(running.map(async (part) => `${part.name}: ${await part.lastWords()}`));
      throw new Error(`the node was not ready after ${timeoutMs} ms\n${words.join('\n')}`, { cause: error });
    } finally {
      over.abort();
    }
    for (const part of running) void this.#watch(part);
  }

  /** Gives the node an image from an OCI archive. */
  async importImage(archive: string, signal?: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#ctr(`import-${basename(archive)}`, ['images', 'import', archive]);
      } catch (error: unknown) {
        signal?.throwIfAborted();
        // containerd may have been started just now.
        if (attempt === maxImportAttempts) throw error;
        await delay(100);
      }
    }
  }

  async killContainer(id: string): Promise<void> {
    const container = id.replace('containerd://', '');
    await this.#ctr('kill', ['tasks', 'kill', '--signal', 'SIGKILL', container]);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#parts.relay.stop();
    await this.#parts.namespaces.stop();
  }

  async #startParts(running: NodeProcess[], signal: AbortSignal): Promise<void> {
    const { files, binaries, programs, token } = this.#parts;
    const { directory } = files;
    const run = async (name: string, command: string, args: readonly string[]): Promise<void> => {
      const env = { PATH: `${dirname(programs.containerd)}:/usr/sbin:/usr/bin:/sbin:/bin` };
      running.push(await this.#parts.namespaces.run({ name, command, args, env }));
    };
    await run('etcd', binaries.etcd, etcdFlags(directory, etcdPorts));
    await run('kube-apiserver', binaries.kubeApiserver, nodeApiServerFlags(directory));
    await run('containerd', programs.containerd, ['--config', join(directory, inside.containerdConfig)]);
    const apiServer = `${nodeAddress}:${apiServerPort}`;
    const relay = relayCommand(`${serviceAddress}:443=${apiServer}`, `${apiSocket(directory)}=${apiServer}`);
    await run('relay', relay.command, relay.args);
    const authorityPem = await readFile(authorityCertificate(directory), 'utf8');
    await Promise.all([
      apiServerReady({ server: files.server, authorityPem, token, signal }),
      this.#importPauseImage(signal),
    ]);
    await run(
      'kube-controller-manager',
      binaries.kubeControllerManager,
      nodeControllerManagerFlags(directory),
    );
    await run('kube-scheduler', programs.kubeScheduler, schedulerFlags(directory));
    await run('kubelet', programs.kubelet, kubeletFlags(directory));
    await this.#untilReady(signal);
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const conditions = '{.status.conditions[?(@.type=="Ready")].status}';
    const questions = [
      { args: ['get', 'node', nodeName, '-o', `jsonpath=${conditions}`], answer: 'True' },
      { args: ['get', 'serviceaccount', 'default', '-o', 'jsonpath={.metadata.name}'], answer: 'default' },
    ];
    for (const { args, answer } of questions) {
      while ((await this.#access.kubectl(args)).stdout !== answer) {
        signal.throwIfAborted();
        await delay(100);
      }
    }
  }

  async #importPauseImage(signal: AbortSignal): Promise<void> {
    const { files, programs } = this.#parts;
    const archive = join(files.directory, 'pause.tar');
    await writeOciArchive(archive, await pauseImageOf(pauseImage, programs.pause));
    await this.importImage(archive, signal);
  }

  async #ctr(name: string, args: readonly string[]): Promise<void> {
    const { files, namespaces, programs } = this.#parts;
    const socket = join(files.directory, inside.containerdSocket);
    const common = ['--address', socket, '--namespace', 'k8s.io'];
    const running = await namespaces.run({ name, command: programs.ctr, args: [...common, ...args] });
    const code = await running.finished();
    if (code !== 0) throw new Error(`ctr ${args.join(' ')}: ${await running.lastWords()}`);
  }

  async #firstFailure(running: readonly NodeProcess[], over: AbortSignal): Promise<never> {
    for (;;) {
      for (const part of running) {
        const code = await Promise.race([part.exited, delay(50)]);
        if (over.aborted) return new Promise(() => undefined);
        if (typeof code === 'number') {
          throw new Error(`${part.name} ended with code ${code}: ${await part.lastWords()}`);
        }
      }
      await delay(50);
    }
  }

  async #watch(part: NodeProcess): Promise<void> {
    const code = await part.exited;
    if (!this.#isStopping) {
      this.#parts.log(`${part.name} ended with code ${code}. ${await part.lastWords()}`);
    }
  }
}
