import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { freeFormFields } from '../api/free-form.ts';
import { aborted } from '../base/abort.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { runTogether, type Part } from '../base/task-group.ts';
import { programVersion } from '../base/version.ts';
import { controllerFieldManager } from '../api/group.ts';
import { parseConfig, type Config, type RawOptions } from '../config.ts';
import { createStores, type Stores } from '../model/stores.ts';
import { KubeClient } from '../kube/client.ts';
import { AdminServer, type Checks } from '../observability/admin-server.ts';
import { createLogger } from '../observability/log.ts';
import { createMetrics, type Metrics } from '../observability/metrics.ts';
import { ClientAuthorities } from '../certs/client-authorities.ts';
import { connect } from './connect.ts';
import { announceReady } from './announce-ready.ts';
import { controllerUser } from './controller-user.ts';
import { ControllerRole } from './controller-role.ts';
import { ensureNamespace, install } from './install.ts';
import { readManifests } from './manifests.ts';
import { watchStores } from './object-metrics.ts';
import { saveMemory } from './save-memory.ts';
import { webhookStores, WebhookRole } from './webhook-role.ts';

export interface Roles {
  readonly controller: boolean;
  readonly webhook: boolean;
}

/** How long everything in flight may take after SIGTERM, until the process ends all the same. */
const shutdownMs = 25_000;
/** How long the others may take after one part has failed: the webhook drains. */
const graceMs = 20_000;
/** What does not end must not keep a process that has failed. */
const lastWordsMs = 1_000;
const installTimeoutMs = 120_000;

/**
 * `bindery run`, `controller` and `webhook`: starts what the roles need, serves until SIGTERM or Ctrl-C, and stops in
 * the order that loses nothing: not ready any more, the webhook drained, the reconcilers ended, the Lease released.
 * @throws ConfigError, or whatever keeps it from starting
 */
export async function runCommand(options: RawOptions, roles: Roles): Promise<void> {
  saveMemory();
  const config = parseConfig(options, process.env);
  const logger = createLogger({ level: config.logLevel });
  const metrics = createMetrics();
  const stopping = stopOnSignals(logger);
  const connection = await connect(config);
  const client = new KubeClient({
    connection,
    fieldManager: controllerFieldManager,
    observe: metrics.observeKube,
    largeFields: freeFormFields,
    namespaces: config.namespaces,
  });
  try {
    logger.info(
      { version: programVersion, server: connection.server.origin, node: process.version },
      'starting',
    );
    if (options['install'] === true) await installAll(client, logger, config, stopping);
    await runRoles({ client, logger, metrics, config, roles, signal: stopping }).catch((error: unknown) => {
      logger.error(errorFields(error), 'failed: ending');
      setTimeout(() => process.exit(1), lastWordsMs).unref();
      throw error;
    });
  } finally {
    await client.close();
  }
}

interface RunDeps {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly config: Config;
  readonly roles: Roles;
  readonly signal: AbortSignal;
}

async function runRoles(deps: RunDeps): Promise<void> {
  const { client, logger, metrics, config, roles, signal } = deps;
  const stores = createStores({ client, logger, observe: metrics.observeListWatch });
  const identity = `${hostname()}_${randomUUID().slice(0, 8)}`;
  const controller = roles.controller ? controllerRole(deps, stores, identity) : undefined;
  const webhook = roles.webhook ? await webhookRole(deps, stores, identity) : undefined;
  const running: Running = { controller, webhook, ending: new AbortController() };
  metrics.watchView(() => staleMs(running) / 1000);
  const checks = readiness(deps, running);
  const livenessChecks = { ...controller?.vitals, ...webhook?.vitals };
  const admin = new AdminServer({ listen: config.adminListen, checks, livenessChecks, metrics, logger });
  await admin.start();
  const announcement: Part = {
    name: 'announcement',
    ends: true,
    run: (until) => announceReady({ checks, metrics, logger }, until),
  };
  const informers = roles.controller ? Object.values(stores) : webhookStores(stores);
  try {
    await runTogether([...parts(running, informers), announcement], signal, { graceMs });
  } finally {
    await admin.stop();
  }
  logger.info({}, 'stopped');
}

interface Running {
  readonly controller: ControllerRole | undefined;
  readonly webhook: WebhookRole | undefined;
  /** Aborts when the process begins to end, for whatever reason. */
  readonly ending: AbortController;
}

/** One process, one fate: when a part fails, the rest stops in order and the process ends with the failure. */
function parts(
  { controller, webhook, ending }: Running,
  informers: readonly Stores[keyof Stores][],
): readonly Part[] {
  // The webhook goes first, so that the reconcilers are still there for what it has let in.
  const reconciling = new AbortController();
  const admit = async (signal: AbortSignal): Promise<void> => {
    signal.addEventListener('abort', () => ending.abort(), { once: true });
    await (webhook?.start(signal) ?? aborted(signal)).finally(() => reconciling.abort());
  };
  return [
    { name: 'webhook', run: admit },
    ...((controller && [{ name: 'controllers', run: () => controller.start(reconciling.signal) }]) ?? []),
    ...informers.map((informer) => ({
      name: `watch of ${informer.name}`,
      run: () => informer.start(reconciling.signal),
    })),
  ];
}

function staleMs({ controller, webhook }: Running): number {
  return Math.max(controller?.staleMs() ?? 0, webhook?.staleMs() ?? 0);
}

/** Not ready while stopping, so that nobody is sent here any more, nor while it can not know how things stand. */
function readiness({ client, config }: RunDeps, running: Running): Checks {
  const { controller, webhook, ending } = running;
  return {
    running: () => !ending.signal.aborted,
    'api-server': () => client.silentMs() < config.maxViewAgeMs,
    view: () => staleMs(running) < config.maxViewAgeMs,
    ...(controller && { caches: () => controller.isSynced() }),
    ...(webhook && { webhook: () => webhook.isReady() }),
  };
}

function controllerRole(deps: RunDeps, stores: Stores, identity: string): ControllerRole {
  const { client, logger, metrics, config } = deps;
  const role = new ControllerRole({
    client,
    logger,
    stores,
    identity,
    config: config.controller,
    namespace: config.namespace,
    observeReconcile: metrics.observeReconcile,
    observeBroker: metrics.observeBroker,
    observeCircuit: metrics.circuit,
    observeCaBundle: metrics.caBundleWritten,
    observeSecret: metrics.observeSecret,
    observePurge: metrics.observePurge,
  });
  for (const controller of role.controllers) metrics.watchQueue(controller.name, () => controller.depth);
  metrics.watchLeader(() => role.isLeading);
  watchStores(metrics, stores);
  return role;
}

async function webhookRole(deps: RunDeps, stores: Stores, identity: string): Promise<WebhookRole> {
  const { client, logger, metrics, config, roles, signal } = deps;
  const { clientCaFile } = config.webhook;
  return new WebhookRole({
    client,
    logger,
    stores,
    identity,
    config: config.webhook,
    clientAuthorities:
      clientCaFile === undefined ? undefined : await ClientAuthorities.open({ file: clientCaFile, logger }),
    namespace: config.namespace,
    controllerUser: await controllerUser(client, config.namespace, roles.controller, signal),
    observeAdmission: metrics.observeAdmission,
    observeInjection: metrics.observeInjection,
    observeCertificate: ({ servingMs }) => metrics.certificateExpires(servingMs / 1000),
  });
}

async function installAll(
  client: KubeClient,
  logger: Logger,
  config: Config,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, namespaces } = config;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(installTimeoutMs)]);
  const manifests = await readManifests();
  await ensureNamespace(client, namespace, deadline);
  await install(
    { client, logger, manifests, namespace, namespaces, webhookUrl: config.webhook.url },
    deadline,
  );
}

/** Aborts at the first SIGTERM or Ctrl-C; a second one, or too long a wait, ends the process at once. */
function stopOnSignals(logger: Logger): AbortSignal {
  const stopping = new AbortController();
  const stop = (name: string): void => {
    if (stopping.signal.aborted) process.exit(1);
    logger.info({ signal: name }, 'stopping');
    stopping.abort();
    setTimeout(() => {
      logger.error({ shutdownMs }, 'not stopped in time: ending');
      process.exit(1);
    }, shutdownMs).unref();
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('unhandledRejection', (error) => {
    logger.error(errorFields(error), 'unhandled rejection');
    process.exit(1);
  });
  return stopping.signal;
}
