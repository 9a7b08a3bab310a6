import { randomUUID } from 'node:crypto';
import { askTogether } from '../admission/ask-together.ts';
import { createAuthorize } from '../admission/authorize.ts';
import type { AdmissionObservation } from '../admission/answer.ts';
import type { Handler } from '../admission/decision.ts';
import { createIsDying } from '../admission/dying-instance.ts';
import { MadeIds } from '../admission/made-ids.ts';
import { mutateCatalog } from '../admission/mutate-catalog.ts';
import { mutatePod } from '../admission/mutate-pod.ts';
import { mutatePurge } from '../admission/mutate-purge.ts';
import { mutateWorkload } from '../admission/mutate-workload.ts';
import type { InjectionObservation } from '../admission/pod-case.ts';
import type { PodNote } from '../admission/pod-note.ts';
import { createFindSchema } from '../admission/find-schema.ts';
import { forRealRequests } from '../admission/real-request.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { forServedNamespaces } from '../admission/served-namespaces.ts';
import { AdmissionServer } from '../admission/server.ts';
import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { controllerFieldManager, reclaimAnnotation } from '../api/group.ts';
import { aborted } from '../base/abort.ts';
import { systemClock } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { Logger } from '../base/logger.ts';
import { runTogether } from '../base/task-group.ts';
import { KnownClusterMark } from '../brokers/known-cluster-mark.ts';
import { caSecretName } from '../certs/ca-note.ts';
import { CaSecret } from '../certs/ca-secret.ts';
import type { ClientAuthorities } from '../certs/client-authorities.ts';
import { defaultRotation } from '../certs/rotation.ts';
import { ServingCertificate, type ServingCertificateDeps } from '../certs/serving-certificate.ts';
import type { WebhookConfig } from '../config.ts';
import { idKey, type Stores } from '../model/stores.ts';
import type { KubeClient } from '../kube/client.ts';
import { EventRecorder } from '../kube/events.ts';
import { planThatStays } from '../model/plan-at-broker.ts';
import type { PlanStaysDeps } from '../admission/plan-stays.ts';
import {
  admissionResolution,
  findOffering,
  offeringProblem,
  offeringRefusal,
} from '../model/admission-resolution.ts';
import { classScope, offeringSpec } from '../model/class-scope.ts';
import { ParameterSchemas } from '../model/parameter-schemas.ts';
import { resolveOffering } from '../model/resolve.ts';
import { createPresetInformer } from '../presets/preset-controller.ts';
import { knownNamespaces } from './known-namespaces.ts';

export interface WebhookRoleDeps {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly config: WebhookConfig;
  /** Who may vouch for callers; absent lets anybody call. */
  readonly clientAuthorities?: ClientAuthorities | undefined;
  /** Bindery's own namespace: its CA Secret, its Service, and no injection there. */
  readonly namespace: string;
  /** Name of this process in events. */
  readonly identity: string;
  /** User name of our controller: what it writes to a spec, under its field manager, is bookkeeping. */
  readonly controllerUser: string;
  /** Started by whoever made them. */
  readonly stores: Stores;
  readonly observeAdmission?: ((observation: AdmissionObservation) => void) | undefined;
  readonly observeInjection?: ((observation: InjectionObservation) => void) | undefined;
  readonly observeCertificate?: ServingCertificateDeps['observe'];
}

/** Time for the endpoints of the Service to forget a Pod that is going: requests are still served. */
const drainMs = 5000;

/**
 * A Pod with all that its managers say of it has some ten KiB. To parse one of a quarter of a MiB takes ten milliseconds and ten MiB. Of
 * workloads the old object comes as well. Of our own kinds what may be large is not parsed: see `parseReview`.
 */
const maxParsedBytes: ReadonlyMap<string, number> = new Map([
  ['/mutate/pods', 256 * 1024],
  ['/mutate/workloads', 512 * 1024],
]);

/** What answers to reviews are decided on. The webhook alone knows nothing of brokers. */
export function webhookStores(stores: Stores): readonly Stores[keyof Stores][] {
  return [
    stores.serviceInstances,
    stores.serviceBindings,
    stores.clusterServiceClasses,
    stores.clusterServicePlans,
    stores.serviceClasses,
    stores.servicePlans,
    stores.namespaces,
  ];
}

/** The admission webhook of one process. All replicas serve; none needs to lead. */
export class WebhookRole {
  readonly #deps: WebhookRoleDeps;
  readonly #presets: ReturnType<typeof createPresetInformer>;
  readonly #events: EventRecorder;
  readonly #certificate: ServingCertificate;
  readonly #cluster: KnownClusterMark;
  #isListening = false;

  constructor(deps: WebhookRoleDeps) {
    this.#deps = deps;
    const { client, logger, identity, namespace, config } = deps;
    this.#presets = createPresetInformer({ client, logger });
    this.#events = new EventRecorder({ client, component: 'bindery-webhook', instance: identity, logger });
    this.#cluster = new KnownClusterMark({ client, ...config.clusterIdConfigMap });
    const shared = { client, logger, clock: systemClock };
    this.#certificate = new ServingCertificate({
      ...shared,
      authority: new CaSecret({ ...shared, namespace, name: caSecretName, times: defaultRotation }),
      names: subjectsOf(config, namespace),
      times: defaultRotation,
      observe: (ends) => deps.observeCertificate?.(ends),
    });
  }

  /** Listening, with a certificate that the API server trusts, and with everything known that decisions are made on. */
  isReady(): boolean {
    const isTrusted = this.#certificate.isTrusted();
    return this.#isListening && isTrusted && this.#informers().every((informer) => informer.isSynced());
  }

  /** How old the view of the kind may be whose watch was cut first, milliseconds; 0 while all are watched. */
  staleMs(): number {
    return Math.max(...this.#informers().map((informer) => informer.staleMs()));
  }

  /** What only a restart can heal, by name: false for what stands still. */
  get vitals(): Readonly<Record<string, () => boolean>> {
    return {
      certificate: () => this.#certificate.isAlive(),
      'webhook-watches': () => this.#informers().every((informer) => informer.isAlive()),
    };
  }

  /** Runs until the signal aborts and the last answer is written. */
  async start(signal: AbortSignal): Promise<void> {
    const certificate = this.#certificate;
    const { clientAuthorities } = this.#deps;
    try {
      await runTogether(
        [
          { name: 'watch of podpresets', run: (running) => this.#presets.start(running) },
          { name: 'serving certificate', run: (running) => certificate.start(running) },
          {
            name: 'authorities of clients',
            run: (running) => clientAuthorities?.start(running) ?? aborted(running),
          },
          {
            name: 'admission server',
            run: async (running) => {
              const known = Promise.all([certificate.ready, this.#cluster.refresh(running)]);
              await Promise.race([known, aborted(running)]);
              if (!running.aborted) await this.#serve(running);
            },
          },
        ],
        signal,
      );
    } finally {
      this.#isListening = false;
      await this.#events.stop();
    }
  }

  #informers(): readonly Pick<Stores[keyof Stores], 'isSynced' | 'staleMs' | 'isAlive'>[] {
    return [this.#presets, ...webhookStores(this.#deps.stores)];
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { config, logger, observeAdmission, clientAuthorities: authorities } = this.#deps;
    const server = new AdmissionServer({
      ...config.listen,
      handlers: this.#handlers(signal),
      maxParsedBytes,
      certificate: this.#certificate,
      clients: authorities === undefined ? undefined : { authorities, names: config.clientNames },
      logger,
      // By URL there are no endpoints that have to forget us.
      drainMs: config.url === undefined ? drainMs : 0,
      ...(observeAdmission === undefined ? {} : { observe: observeAdmission }),
    });
    const serving = server.start(signal);
    const { address, port } = await server.listening;
    this.#isListening = true;
    logger.info({ address, port }, 'admission webhook listens');
    await serving;
  }

  /** One handler per path of webhook-config/mutating.yaml. */
  #handlers(signal: AbortSignal): ReadonlyMap<string, Handler> {
    const { client, config, stores, logger, namespace, controllerUser } = this.#deps;
    const shared = {
      logger,
      limits: { bindings: config.maxBindings },
      requestReclaimMs: config.requestReclaimMs,
      schedulingGates: true,
      authorize: askTogether(createAuthorize(client, signal)),
      bindingSecretName: (ns: string, name: string) => {
        const binding = stores.serviceBindings.store.get(`${ns}/${name}`);
        return binding === undefined ? undefined : (binding.spec.secretName ?? name);
      },
      isBound: (ns: string, name: string) => {
        const binding = stores.serviceBindings.store.get(`${ns}/${name}`);
        return binding?.status?.binding !== undefined && binding.metadata.deletionTimestamp === undefined;
      },
      namespaceReclaim: (ns: string) =>
        stores.namespaces.store.get(ns)?.metadata.annotations?.[reclaimAnnotation],
      namespaceLabels: (ns: string) => {
        const found = stores.namespaces.store.get(ns);
        return found === undefined ? undefined : (found.metadata.labels ?? {});
      },
    };
    const pod = {
      ...shared,
      presets: (ns: string) => this.#presets.store.byIndex('namespace', ns),
      excludedNamespaces: [namespace],
      note: (note: PodNote) => this.#tell(note),
      observe: this.#deps.observeInjection ?? (() => undefined),
    };
    const wishes = {
      offeringOf: (spec: ServiceInstanceSpec, ns: string) => {
        const resolution = resolveOffering(spec, ns, stores);
        return resolution.kind === 'resolved' ? resolution.offering : undefined;
      },
      instance: (ns: string, name: string) => stores.serviceInstances.store.get(`${ns}/${name}`),
      findSchema: createFindSchema(new ParameterSchemas(client), logger, signal),
    };
    const workload = {
      ...shared,
      bindingFailure: (ns: string, name: string) => {
        const { conditions = [] } = stores.serviceBindings.store.get(`${ns}/${name}`)?.status ?? {};
        return conditions.find(({ type, status }) => type === 'Failed' && status === 'True')?.reason;
      },
      missingKeys: (ns: string, name: string) =>
        stores.serviceBindings.store.get(`${ns}/${name}`)?.status?.secret?.missingKeys ?? [],
      secretKeys: (ns: string, name: string) =>
        stores.serviceBindings.store.get(`${ns}/${name}`)?.status?.secretContent?.keys,
      hasInstance: (ns: string, name: string) =>
        stores.serviceInstances.store.get(`${ns}/${name}`) !== undefined,
      offeringProblem: offeringProblem(stores),
      requestedSpec: (className: string, plan: string, ns: string) =>
        offeringSpec(className, plan, classScope(stores, ns, className)) as JsonObject,
      wishes,
      restarts: true,
    };
    const ids = new MadeIds(randomUUID, systemClock, () => this.#cluster.get(signal));
    stores.serviceInstances.store.subscribe(({ object }) => ids.stored(object.spec.externalID));
    stores.serviceBindings.store.subscribe(({ object }) => ids.stored(object.spec.externalID));
    const catalog = {
      logger,
      authorize: shared.authorize,
      isDying: createIsDying(stores.serviceInstances.store, client, logger, signal),
      ids,
      holdersOf: (kind: string, id: string) => {
        const { store } = kind === 'ServiceInstance' ? stores.serviceInstances : stores.serviceBindings;
        return store
          .byIndex('id', idKey(id))
          .map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name }));
      },
      resolve: admissionResolution(stores),
      wishes,
      planThatStays: (...about: Parameters<PlanStaysDeps['planThatStays']>) =>
        planThatStays(...about, stores),
      offerings: { find: findOffering(stores), refusal: offeringRefusal(stores) },
      isController: ({ user, fieldManager }: AdmissionRequest) =>
        user.username === controllerUser && fieldManager === controllerFieldManager,
    };
    const known = knownNamespaces(stores.namespaces.store, client, signal);
    const handlers: readonly (readonly [string, Handler])[] = [
      ['/mutate/pods', (request, context) => mutatePod(request, context, pod)],
      ['/mutate/workloads', (request, context) => mutateWorkload(request, context, workload)],
      ['/mutate/purge', (request, context) => mutatePurge(request, context, catalog)],
      ['/mutate/catalog', (request, context) => mutateCatalog(request, context, catalog)],
    ];
    return new Map(
      handlers.map(([path, handler]) => [
        path,
        forServedNamespaces(forRealRequests(handler, known), client.namespaces),
      ]),
    );
  }

  #tell({ target, type, reason, message }: PodNote): void {
    if (target !== undefined) this.#events.record(target, type, reason, message);
  }
}

/** The names under which the API server reaches this server: what the certificate has to say. */
function subjectsOf(
  { url, serviceName }: WebhookConfig,
  namespace: string,
): { readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] } {
  const service = [`${serviceName}.${namespace}.svc`, `${serviceName}.${namespace}.svc.cluster.local`];
  if (url === undefined) return { dnsNames: service, ipAddresses: [] };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isAddress = /^[\d.]+$/.test(host) || host.includes(':');
  return isAddress
    ? { dnsNames: service, ipAddresses: [host] }
    : { dnsNames: [...service, host], ipAddresses: [] };
}
