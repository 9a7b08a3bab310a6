import { Client } from 'pg';
import { injectedAnnotation } from '../../../src/api/group.ts';
import { requestedName, type WorkloadRef } from '../../../src/api/requested-identity.ts';
import { errorMessage } from '../../../src/base/logger.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { isApiError, isNotFound, KubeConnectionError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  apiVersionOf,
  cronJobs,
  deployments,
  pods,
  secrets,
  statefulSets,
  type Resource,
} from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';

const className = 'postgresql';
const bind = 'bind.servicecatalog.k8s.io/db';
const share = 'share.bind.servicecatalog.k8s.io/db';

export const workloadKinds = ['Deployment', 'StatefulSet', 'CronJob', 'Pod'] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

const resources: Readonly<Record<WorkloadKind, Resource>> = {
  Deployment: deployments,
  StatefulSet: statefulSets,
  CronJob: cronJobs,
  Pod: pods,
};

/** A workload that somebody has, or had. */
export interface Owned {
  readonly namespace: string;
  readonly kind: WorkloadKind;
  readonly name: string;
  plan: 'small' | 'large';
  /** Another workload's instance, as `<Kind>/<name>`. */
  readonly shares: WorkloadRef | undefined;
  /** Asks now. */
  isThere: boolean;
  /** The row that was written into its database. From then on it has to be there. */
  mark?: string;
}

/** The ServiceInstance that it asks for. */
export function instanceOf({ namespace, kind, name, shares }: Owned): string {
  const workload = shares ?? { kind, name };
  return requestedName(namespace, { of: 'workload', workload, binding: 'db', class: className });
}

/** The binding and the Secret of its own. */
export function loginOf(owned: Owned): string {
  const { namespace, kind, name } = owned;
  const workload = { kind, name };
  return requestedName(namespace, {
    of: 'login',
    workload,
    binding: 'db',
    instance: instanceOf(owned),
    parameters: '',
  });
}

/** What people do with their workloads; each insists until the API server has answered. */
export class People {
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;

  constructor(client: KubeClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async apply(owned: Owned): Promise<void> {
    const { namespace, kind, name } = owned;
    owned.isThere = true;
    await this.#insist(async () => {
      const options = { type: 'apply', fieldManager: 'people', force: true } as const;
      await this.#client.patch(resources[kind], { namespace, name }, manifestOf(owned), {
        ...options,
        signal: this.#signal,
      });
    });
  }

  /** @throws when it is accepted */
  async mistype({ namespace, kind, name }: Owned): Promise<void> {
    const typo = { metadata: { annotations: { [bind]: 'requst/postgresql/small' } } };
    const answer = await this.#insist(async () => {
      try {
        await this.#client.patch(resources[kind], { namespace, name }, typo, {
          type: 'merge',
          signal: this.#signal,
        });
        return 'accepted';
      } catch (error) {
        if (isApiError(error) && error.status === 422) return 'refused';
        throw error;
      }
    });
    if (answer === 'accepted') throw new Error(`a typo was accepted on ${kind} ${namespace}/${name}`);
  }

  async scale({ namespace, kind, name }: Owned, replicas: number): Promise<void> {
    await this.#patch(resources[kind], namespace, name, { spec: { replicas } });
  }

  async remove(owned: Owned): Promise<void> {
    const { namespace, kind, name } = owned;
    owned.isThere = false;
    await this.#insist(async () => {
      try {
        await this.#client.delete(resources[kind], { namespace, name }, { signal: this.#signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
    // Whoever makes it again right away would find the one that is going.
    await waitFor(
      async () => this.#insist(async () => !(await this.#exists(resources[kind], namespace, name))),
      {
        timeoutMs: 60_000,
        describe: `${kind} ${namespace}/${name} is gone`,
      },
    );
  }

  /** Writes a row with the credentials that its Pods get; nothing while they are not there. */
  async use(owned: Owned): Promise<void> {
    if (owned.mark !== undefined || !owned.isThere) return;
    const database = await this.open(owned).catch(() => undefined);
    if (database === undefined) return;
    const mark = `${owned.kind}/${owned.name} was here`;
    try {
      await database.query('CREATE TABLE IF NOT EXISTS marks (mark text)');
      await database.query('INSERT INTO marks VALUES ($1)', [mark]);
      owned.mark = mark;
    } finally {
      await database.end();
    }
  }

  /** Logs in with what is in its Secret. @throws Error why it can not */
  async open(owned: Owned): Promise<Client> {
    const ref = { namespace: owned.namespace, name: loginOf(owned) };
    const secret = await this.#insist(async () =>
      this.#client.get<SecretObject>(secrets, ref, { signal: this.#signal }),
    );
    const uri = Buffer.from(secret.data?.['uri'] ?? '', 'base64').toString();
    const database = new Client({ connectionString: uri, connectionTimeoutMillis: 10_000 });
    try {
      await database.connect();
    } catch (error) {
      throw new Error(`the login of ${owned.kind} ${ref.namespace}/${owned.name}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
    return database;
  }

  /** Secrets that its Pods mount, as the note on them says. */
  async mounted({ namespace, name }: Owned): Promise<ReadonlySet<string>> {
    const query = { namespace, labelSelector: `app=${name}` };
    const { items } = await this.#insist(async () => this.#client.list<KubeObject>(pods, query));
    const notes = items.flatMap(({ metadata }) => metadata.annotations?.[injectedAnnotation] ?? []);
    const bindings = notes.flatMap(
      (note) => (JSON.parse(note) as { bindings: { secret: string }[] }).bindings,
    );
    return new Set(bindings.map(({ secret }) => secret));
  }

  async #patch(resource: Resource, namespace: string, name: string, patch: object): Promise<void> {
    await this.#insist(async () =>
      this.#client.patch(resource, { namespace, name }, patch, { type: 'merge', signal: this.#signal }),
    );
  }

  async #exists(resource: Resource, namespace: string, name: string): Promise<boolean> {
    try {
      await this.#client.get(resource, { namespace, name }, { signal: this.#signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** The API server, or the webhook behind it, may be away for a while. */
  async #insist<T>(call: () => Promise<T>): Promise<T> {
    return waitFor(
      async () => {
        try {
          return { answer: await call() };
        } catch (error) {
          const mayPass =
            error instanceof KubeConnectionError || (isApiError(error) && [409, 429].includes(error.status));
          if (mayPass || (isApiError(error) && error.status >= 500)) return undefined;
          throw error;
        }
      },
      { timeoutMs: 120_000, intervalMs: 250, describe: 'the API server answers' },
    ).then(({ answer }) => answer);
  }
}

function manifestOf({ namespace, kind, name, plan, shares }: Owned): object {
  const annotations = {
    [bind]: `request/${className}/${plan}`,
    ...(shares === undefined ? {} : { [share]: `${shares.kind}/${shares.name}` }),
  };
  const labels = { app: name };
  const podSpec = {
    restartPolicy: kind === 'CronJob' ? 'Never' : 'Always',
    containers: [{ name: 'main', image: 'registry.example.com/app:1' }],
  };
  const template = { metadata: { labels }, spec: podSpec };
  const selector = { matchLabels: labels };
  const apiVersion = apiVersionOf(resources[kind]);
  const specs: Readonly<Record<WorkloadKind, object>> = {
    Deployment: { selector, template },
    StatefulSet: { selector, template, serviceName: name },
    CronJob: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } },
    Pod: podSpec,
  };
  return {
    apiVersion,
    kind,
    metadata: { namespace, name, annotations, ...(kind === 'Pod' ? { labels } : {}) },
    spec: specs[kind],
  };
}
