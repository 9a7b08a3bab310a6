import type { ClusterServiceBroker } from '../../api/generated/cluster-service-broker.ts';
import type { PodPreset } from '../../api/generated/pod-preset.ts';
import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceBroker } from '../../api/generated/service-broker.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { bindingSecretLabel, retainedLabel } from '../../api/group.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  clusterServicePlans,
  podPresets,
  serviceBindings,
  serviceBrokers,
  serviceClasses,
  serviceInstances,
  servicePlans,
  type Kind,
} from '../../api/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ConfigMapObject, SecretObject } from '../../kube/data-objects.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { objectKey, type KubeObject } from '../../kube/objects.ts';
import type { Selection } from '../../kube/query.ts';
import { configMaps, customResourceDefinitions, secrets } from '../../kube/resources.ts';
import type { AnyClass, AnyPlan } from '../plan-report.ts';
import { dataManifest, isKeptItem, servedManifest, specManifest, type Manifest } from './exported-object.ts';
import type { ManifestSink } from './manifest-file.ts';
import { dataOfBinding, dataOfBroker, dataOfInstance, type NamedData } from './named-data.ts';
import { objectPages } from './object-pages.ts';
import { bindingStanding, instanceStanding, type RemovedAt, type Standing } from './standing.ts';

export interface ExportScope {
  /** Only what is in this namespace; everything when absent. */
  readonly namespace?: string | undefined;
  /** Bindery's own. */
  readonly ownNamespace: string;
  /** Name of the ConfigMap there that has the id of the cluster. */
  readonly clusterInfo: string;
  readonly withSecrets: boolean;
  /** The id by which brokers know the cluster goes along. */
  readonly asSameCluster: boolean;
}

export interface ExportSummary {
  /** Objects written, by kind. */
  readonly counts: ReadonlyMap<string, number>;
  /** Which have to be there before. */
  readonly namespaces: readonly string[];
  /** Secrets and ConfigMaps that are named and not exported. */
  readonly toBring: readonly string[];
  /** What a person should look at, an object each. */
  readonly notes: readonly string[];
}

type Client = Pick<KubeClient, 'get' | 'list'>;

/** Writes all that another cluster needs to go on with the services of this one, in the order in which it can be applied. */
export class ClusterExport {
  readonly #client: Client;
  readonly #scope: ExportScope;
  readonly #sink: ManifestSink;
  readonly #counts = new Map<string, number>();
  readonly #namespaces = new Set<string>();
  readonly #named = new Map<string, string>();
  readonly #notes: string[] = [];

  constructor(client: Client, scope: ExportScope, sink: ManifestSink) {
    this.#client = client;
    this.#scope = scope;
    this.#sink = sink;
  }

  /** @throws KubeApiError, KubeConnectionError: what was written is not whole */
  async write(signal: AbortSignal): Promise<ExportSummary> {
    const isCluster = this.#scope.namespace === undefined;
    this.#sink.comment([
      'Services of a cluster, for another one: apply it before the workloads that use them.',
    ]);
    if (this.#scope.asSameCluster) await this.#writeClusterId(signal);
    await this.#writeRecords(signal);
    if (this.#scope.withSecrets) await this.#writeBindingSecrets(signal);
    if (isCluster) await this.#writeBrokers(clusterServiceBrokers, signal);
    await this.#writeBrokers(serviceBrokers, signal);
    const items = [serviceClasses, servicePlans];
    for (const kind of isCluster ? [clusterServiceClasses, clusterServicePlans, ...items] : items) {
      await this.#writeItems(kind, signal);
    }
    await this.#writeServed<ServiceInstance>(serviceInstances, instanceStanding, dataOfInstance, signal);
    await this.#writeServed<ServiceBinding>(serviceBindings, bindingStanding, dataOfBinding, signal);
    for await (const page of this.#pages<PodPreset>(podPresets, {}, signal)) {
      for (const preset of page) this.#add(specManifest(podPresets, preset));
    }
    const summary = this.#summary();
    this.#sink.comment(trailer(summary));
    return summary;
  }

  async #writeClusterId(signal: AbortSignal): Promise<void> {
    const { ownNamespace, clusterInfo } = this.#scope;
    const found = await this.#find<ConfigMapObject>(
      { resource: configMaps, namespace: ownNamespace, name: clusterInfo },
      signal,
    );
    if (found !== undefined) return this.#add(dataManifest(configMaps, found));
    this.#notes.push(
      `ConfigMap "${ownNamespace}/${clusterInfo}" is not there: no broker knows an id of this cluster`,
    );
  }

  /** Of services that stayed at their brokers when their objects went. */
  async #writeRecords(signal: AbortSignal): Promise<void> {
    const { namespace, ownNamespace } = this.#scope;
    const selection = { labelSelector: `${retainedLabel}=true`, namespace: ownNamespace };
    try {
      for await (const page of objectPages<ConfigMapObject>(this.#client, configMaps, selection, signal)) {
        for (const each of page) {
          if (namespace === undefined || each.data?.['namespace'] === namespace)
            this.#add(dataManifest(configMaps, each));
        }
      }
    } catch (error) {
      if (namespace === undefined || !isForbidden(error)) throw error;
      this.#notes.push(
        `records of retained services in namespace "${ownNamespace}" may not be read, and are left out`,
      );
    }
  }

  async #writeBindingSecrets(signal: AbortSignal): Promise<void> {
    const selection = { labelSelector: `${bindingSecretLabel}=true` };
    for await (const page of this.#pages<SecretObject>(secrets, selection, signal)) {
      for (const secret of page) this.#add(dataManifest(secrets, secret));
    }
  }

  async #writeBrokers(kind: Kind, signal: AbortSignal): Promise<void> {
    for await (const page of this.#pages<ClusterServiceBroker | ServiceBroker>(kind, {}, signal)) {
      for (const broker of page) {
        const isGoing = broker.metadata.deletionTimestamp !== undefined;
        if (isGoing)
          this.#notes.push(`${kind.kind} "${objectKey(broker)}" was deleted, and waits for its end`);
        await this.#name(dataOfBroker(broker), signal);
        this.#add(specManifest(kind, broker));
      }
    }
  }

  async #writeItems(kind: Kind, signal: AbortSignal): Promise<void> {
    for await (const page of this.#pages<AnyClass | AnyPlan>(kind, {}, signal)) {
      for (const item of page.filter(isKeptItem)) this.#add(specManifest(kind, item));
    }
  }

  async #writeServed<T extends ServiceInstance | ServiceBinding>(
    kind: Kind,
    standingOf: (object: T, removedAt: RemovedAt) => Standing,
    dataOf: (object: T) => readonly NamedData[],
    signal: AbortSignal,
  ): Promise<void> {
    const removedAt = await this.#removedAt(kind, signal);
    for await (const page of this.#pages<T>(kind, {}, signal)) {
      for (const object of page) {
        const standing = standingOf(object, removedAt);
        const head = `${kind.kind} "${objectKey(object)}"${standing.way === 'leave-out' ? ' is left out' : ''}`;
        const notes = standing.notes.map((note) => `${head}: ${note}`);
        this.#notes.push(...notes);
        if (standing.way === 'leave-out') {
          this.#sink.comment(notes);
          continue;
        }
        await this.#name(dataOf(object), signal);
        this.#add(servedManifest(kind, object, standing), notes);
      }
    }
  }

  /** Whoever may not read it knows of no removal. */
  async #removedAt(kind: Kind, signal: AbortSignal): Promise<RemovedAt> {
    try {
      const name = `${kind.plural}.${kind.group}`;
      return (await this.#client.get(customResourceDefinitions, { name }, { signal })).metadata
        .deletionTimestamp;
    } catch (error) {
      if (isNotFound(error) || isForbidden(error)) return undefined;
      throw error;
    }
  }

  /** Once each: exported when Secrets are, else named for a person to bring. */
  async #name(data: readonly NamedData[], signal: AbortSignal): Promise<void> {
    for (const each of data) {
      const { resource, namespace, name } = each;
      const what = `${resource.kind} "${namespace}/${name}"`;
      if (this.#named.has(what)) continue;
      const found = this.#scope.withSecrets ? await this.#find<SecretObject>(each, signal) : undefined;
      this.#named.set(what, found === undefined ? what : '');
      if (found !== undefined) this.#add(dataManifest(resource, found));
    }
  }

  async #find<T extends KubeObject>(
    { resource, namespace, name }: NamedData,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await this.#client.get<T>(resource, { namespace, name }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #pages<T extends KubeObject>(
    kind: Parameters<typeof objectPages>[1],
    selection: Selection,
    signal: AbortSignal,
  ): AsyncGenerator<readonly T[], void, undefined> {
    const place = kind.namespaced ? { ...selection, namespace: this.#scope.namespace } : selection;
    return objectPages<T>(this.#client, kind, place, signal);
  }

  #add(manifest: Manifest, notes: readonly string[] = []): void {
    const { kind, metadata } = manifest;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    if (metadata.namespace !== undefined) this.#namespaces.add(metadata.namespace);
    this.#sink.add(manifest, notes);
  }

  #summary(): ExportSummary {
    return {
      counts: this.#counts,
      namespaces: [...this.#namespaces].sort(),
      toBring: [...this.#named.values()].filter((what) => what !== '').sort(),
      notes: this.#notes,
    };
  }
}

function trailer({ counts, namespaces, toBring }: ExportSummary): readonly string[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [
    ...(namespaces.length === 0 ? [] : [`Namespaces that have to be there before: ${namespaces.join(', ')}`]),
    ...toBring.map((what) => `Not in here, and needed: ${what}`),
    `End: ${total} objects.`,
  ];
}
