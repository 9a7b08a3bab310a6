import { parseAddress, type Address } from './base/address.ts';
import { parseGoDurationMs } from './base/go-duration.ts';
import { namespaceList } from './base/namespace-list.ts';
import { sizeBytes } from './base/size-bytes.ts';
import { brokerTargets } from './osb/broker-targets.ts';
import { parseReclaim } from './injection/request-owner.ts';
import type { CatalogLimits } from './osb/catalog-limits.ts';
import type { ReclaimSettings } from './workloads/keeping/reclaim-step.ts';

/** Flags and environment → one validated, frozen Config. Durations are milliseconds here, `90s` on the command line. */
export interface Config {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Bindery's own namespace: lease, CA Secret, Service. */
  readonly namespace: string;
  /** Those that are served; undefined for all. */
  readonly namespaces: readonly string[] | undefined;
  readonly logLevel: LogLevel;
  /** Plain HTTP: /metrics, /livez, /readyz. */
  readonly adminListen: Address;
  /** What is known of the cluster may be so old, and the process still counts as ready. */
  readonly maxViewAgeMs: number;
  readonly webhook: WebhookConfig;
  readonly controller: ControllerConfig;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface WebhookConfig {
  readonly listen: Address;
  /** How the API server reaches the webhook when it is not by Service. */
  readonly url: URL | undefined;
  readonly serviceName: string;
  /** How many bindings one Pod or workload may ask for. */
  readonly maxBindings: number;
  /** For how long requested services are kept that nobody asks for: who wants it shorter needs the right to delete. */
  readonly requestReclaimMs: number;
  /** PEM file of the authorities whose certificates callers must show; undefined lets anybody call. */
  readonly clientCaFile: string | undefined;
  /** Common names of those certificates; empty for any. */
  readonly clientNames: readonly string[];
  readonly clusterIdConfigMap: ControllerConfig['clusterIdConfigMap'];
}

export interface ControllerConfig {
  readonly isLeaderElected: boolean;
  readonly election: ElectionTimes;
  readonly concurrency: number;
  readonly brokerTimeoutMs: number;
  readonly allowLoopbackBrokers: boolean;
  /** Hosts and networks that ServiceBrokers of namespaces may name; empty for any. */
  readonly namespacedBrokerTargets: readonly string[];
  readonly catalogLimits: CatalogLimits;
  readonly relistIntervalMs: number;
  readonly operationTimeoutMs: number;
  readonly maxPollIntervalMs: number;
  readonly maxRetryIntervalMs: number;
  /** A round of looks at the Secrets of all bindings takes so long at least. */
  readonly secretCheckIntervalMs: number;
  /** A round of looks at what brokers have takes so long at least. */
  readonly driftCheckIntervalMs: number;
  /** Whether the class `user-provided` is offered. */
  readonly offersUserProvided: boolean;
  /** Services of a namespace beyond which no new ones are made for Pods and Jobs. */
  readonly maxRequestedServices: number;
  /** Of services that were made for workloads and that nobody asks for any more. */
  readonly reclaim: ReclaimSettings;
  readonly clusterIdConfigMap: { readonly namespace: string; readonly name: string };
}

/** The times of a leader election, as client-go names them: lease duration > renew deadline > 1.2 × retry period. */
export interface ElectionTimes {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** What the command line says, as text; every one can also come from `BINDERY_<NAME>` in the environment. */
export type RawOptions = Readonly<Record<string, string | boolean | undefined>>;

/** A flag that can not be understood: the message names it, what it holds and what it should be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'BINDERY_CONFIG';
}

export interface Option {
  /** As commander writes it: `--name <value>` or `--name`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
}

const common: readonly Option[] = [
  { flags: '--kubeconfig <file>', description: 'kubeconfig; else $KUBECONFIG, the Pod, ~/.kube/config' },
  { flags: '--context <name>', description: 'context of the kubeconfig' },
  { flags: '--namespace <name>', description: "Bindery's own namespace", default: 'bindery-system' },
  { flags: '--namespaces <list>', description: 'serve these namespaces alone, with Roles there; else all' },
  { flags: '--log-level <level>', description: 'debug, info, warn, error or silent', default: 'info' },
  {
    flags: '--admin-listen <address>',
    description: 'metrics and health, plain HTTP',
    default: ':8081',
  },
  {
    flags: '--max-view-age <duration>',
    description: 'not ready when the cluster could not be watched for longer',
    default: '60s',
  },
  {
    flags: '--request-reclaim <policy>',
    description: 'requested services that nobody asks for: keep, delete or a time',
    default: '7d',
  },
  {
    flags: '--cluster-id-configmap-name <name>',
    description: 'holds the cluster id',
    default: 'cluster-info',
  },
  { flags: '--cluster-id-configmap-namespace <name>', description: "its namespace; else Bindery's own" },
];

const webhook: readonly Option[] = [
  { flags: '--listen <address>', description: 'admission webhook, HTTPS', default: ':8443' },
  { flags: '--webhook-url <url>', description: 'register the webhook by this https URL, not by its Service' },
  { flags: '--service-name <name>', description: 'Service of the webhook', default: 'bindery-webhook' },
  { flags: '--max-bindings <n>', description: 'bindings that one Pod may ask for', default: '32' },
  { flags: '--client-ca-file <file>', description: 'callers must show a certificate of these authorities' },
  { flags: '--client-names <list>', description: 'common names that it may have; else any' },
];

const controller: readonly Option[] = [
  { flags: '--leader-elect <bool>', description: 'work only while holding the Lease', default: 'true' },
  {
    flags: '--lease-duration <duration>',
    description: 'a silent leader is replaced after it',
    default: '15s',
  },
  {
    flags: '--renew-deadline <duration>',
    description: 'a leader that can not renew for so long stops',
    default: '10s',
  },
  {
    flags: '--retry-period <duration>',
    description: 'between two tries to get or renew the Lease',
    default: '2s',
  },
  { flags: '--concurrency <n>', description: 'objects of a kind worked on at once', default: '32' },
  { flags: '--broker-timeout <duration>', description: 'whole time of one broker request', default: '60s' },
  { flags: '--allow-loopback-brokers', description: 'brokers at 127.0.0.1 and ::1, for development' },
  {
    flags: '--namespaced-broker-targets <list>',
    description: 'hosts, *.hosts and networks that ServiceBrokers may name; else any',
  },
  {
    flags: '--max-catalog-bytes <size>',
    description: 'of one broker; a larger one is not used',
    default: '8Mi',
  },
  {
    flags: '--max-catalog-services <n>',
    description: 'services in the catalog of one broker',
    default: '1000',
  },
  { flags: '--max-catalog-plans <n>', description: 'plans in the catalog of one broker', default: '10000' },
  { flags: '--broker-relist-interval <duration>', description: 'catalog refresh', default: '24h' },
  {
    flags: '--operation-timeout <duration>',
    description: 'limit of an asynchronous operation',
    default: '168h',
  },
  { flags: '--max-poll-interval <duration>', description: 'longest pause between two polls', default: '1m' },
  {
    flags: '--max-retry-interval <duration>',
    description: 'longest pause between two attempts',
    default: '20m',
  },
  { flags: '--secret-check-interval <duration>', description: 'between looks at a Secret', default: '30s' },
  { flags: '--drift-check-interval <duration>', description: 'between looks at a service', default: '6h' },
  { flags: '--user-provided-services <bool>', description: 'offer user-provided services', default: 'true' },
  {
    flags: '--max-requested-services <n>',
    description: 'of a namespace; beyond, none are made for Pods and Jobs',
    default: '100',
  },
  {
    flags: '--binding-reclaim <duration>',
    description: 'their logins are kept so long after the last Pod',
    default: '1h',
  },
  {
    flags: '--reclaim-view <duration>',
    description: 'nothing is taken away that was not known as unused for so long',
    default: '10m',
  },
  {
    flags: '--reclaim-delete-view <duration>',
    description: 'likewise, where the policy is delete',
    default: '10s',
  },
];

/** The flags of each role. */
export const roleOptions = {
  controller: [...common, ...controller],
  webhook: [...common, ...webhook],
  run: [...common, ...webhook, ...controller],
} as const;

/** @throws ConfigError */
export function parseConfig(
  raw: RawOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const read = reader(raw, environment);
  const url = read.optional('webhookUrl');
  const clusterIdConfigMap = Object.freeze({
    namespace: read.optional('clusterIdConfigmapNamespace') ?? read.name('namespace'),
    name: read.name('clusterIdConfigmapName'),
  });
  const namespaces = read.namespaces('namespaces', read.name('namespace'));
  return Object.freeze({
    kubeconfig: read.optional('kubeconfig'),
    context: read.optional('context'),
    namespace: read.name('namespace'),
    namespaces,
    logLevel: read.oneOf('logLevel', ['debug', 'info', 'warn', 'error', 'silent'] as const),
    adminListen: read.address('adminListen'),
    maxViewAgeMs: read.duration('maxViewAge'),
    webhook: Object.freeze({
      listen: read.address('listen'),
      url: url === undefined ? undefined : webhookUrl(url),
      serviceName: read.name('serviceName'),
      maxBindings: read.integer('maxBindings', 1, 256),
      requestReclaimMs: keptMs(read.reclaim('requestReclaim')),
      clusterIdConfigMap,
      ...clientCheck(read),
    }),
    controller: Object.freeze({
      isLeaderElected: read.bool('leaderElect'),
      election: electionTimes(read),
      concurrency: read.integer('concurrency', 1, 1000),
      brokerTimeoutMs: read.duration('brokerTimeout'),
      allowLoopbackBrokers: read.bool('allowLoopbackBrokers'),
      namespacedBrokerTargets: read.targets('namespacedBrokerTargets'),
      catalogLimits: Object.freeze({
        bytes: read.bytes('maxCatalogBytes', 2 ** 16, 2 ** 26),
        services: read.integer('maxCatalogServices', 1, 100_000),
        plans: read.integer('maxCatalogPlans', 1, 100_000),
      }),
      relistIntervalMs: read.duration('brokerRelistInterval'),
      operationTimeoutMs: read.duration('operationTimeout'),
      maxPollIntervalMs: read.duration('maxPollInterval'),
      maxRetryIntervalMs: read.duration('maxRetryInterval'),
      secretCheckIntervalMs: read.duration('secretCheckInterval'),
      driftCheckIntervalMs: read.duration('driftCheckInterval'),
      // Its class is one of the cluster.
      offersUserProvided: namespaces === undefined && read.bool('userProvidedServices'),
      maxRequestedServices: read.integer('maxRequestedServices', 0, 100_000),
      reclaim: Object.freeze({
        request: read.reclaim('requestReclaim'),
        bindingMs: read.duration('bindingReclaim'),
        settleMs: read.duration('reclaimView'),
        deleteSettleMs: read.duration('reclaimDeleteView'),
      }),
      clusterIdConfigMap,
    }),
  });
}

function keptMs(policy: ReclaimSettings['request']): number {
  if (policy.kind === 'after') return policy.graceMs;
  return policy.kind === 'keep' ? Number.POSITIVE_INFINITY : 0;
}

function clientCheck(read: {
  optional(key: string): string | undefined;
  list(key: string): readonly string[];
}): Pick<WebhookConfig, 'clientCaFile' | 'clientNames'> {
  const clientCaFile = read.optional('clientCaFile');
  const clientNames = read.list('clientNames');
  if (clientCaFile === undefined && clientNames.length > 0) {
    throw new ConfigError('--client-names needs --client-ca-file: without it nobody shows a name');
  }
  return { clientCaFile, clientNames };
}

function electionTimes(read: { duration(key: string): number }): ElectionTimes {
  const leaseDurationMs = read.duration('leaseDuration');
  const renewDeadlineMs = read.duration('renewDeadline');
  const retryPeriodMs = read.duration('retryPeriod');
  if (leaseDurationMs > renewDeadlineMs && renewDeadlineMs > 1.2 * retryPeriodMs) {
    return Object.freeze({ leaseDurationMs, renewDeadlineMs, retryPeriodMs });
  }
  throw new ConfigError(
    '--lease-duration must be longer than --renew-deadline, and that longer than 1.2 times --retry-period',
  );
}

/** Milliseconds of `500ms`, `90s`, `5m`, `24h` and sums of them such as `1h30m`; undefined when it is none, or no time. */
export function durationMs(text: string): number | undefined {
  return parseGoDurationMs(text) || undefined;
}

const defaults = new Map(
  roleOptions.run.map(({ flags, default: value }) => [optionKey(flags), value ?? ''] as const),
);

/** `--broker-timeout <duration>` → `brokerTimeout`, as commander names it. */
function optionKey(flags: string): string {
  const [flag = ''] = flags.split(' ');
  return flag.slice(2).replace(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
}

function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

// The return type is the set of readers below; spelling it out would say everything twice.
function reader(raw: RawOptions, environment: Readonly<Record<string, string | undefined>>) {
  const optional = (key: string): string | undefined => {
    const value =
      raw[key] ?? environment[`BINDERY_${flagOf(key).slice(2).replaceAll('-', '_').toUpperCase()}`];
    return value === undefined || value === '' ? undefined : String(value);
  };
  const text = (key: string): string => optional(key) ?? defaults.get(key) ?? '';
  const parsed = <T>(key: string, value: T | undefined, expected: string): T => {
    if (value === undefined)
      throw new ConfigError(`${flagOf(key)} is "${text(key)}"; it must be ${expected}`);
    return value;
  };
  const checked = <T>(key: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw new ConfigError(`${flagOf(key)}: ${(error as Error).message}`);
    }
  };
  const list = (key: string): readonly string[] => {
    const entries = text(key).split(',');
    return Object.freeze(entries.map((entry) => entry.trim()).filter((entry) => entry !== ''));
  };
  return {
    optional,
    name: (key: string): string =>
      parsed(key, /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.exec(text(key))?.[0], 'a Kubernetes name'),
    oneOf: <const T extends string>(key: string, values: readonly T[]): T =>
      parsed(
        key,
        values.find((value) => value === text(key)),
        `one of ${values.join(', ')}`,
      ),
    bool: (key: string): boolean =>
      parsed(key, { true: true, false: false, '': false }[text(key)], 'true or false'),
    integer: (key: string, min: number, max: number): number => {
      const value = Number(text(key));
      const isFit = Number.isInteger(value) && value >= min && value <= max;
      return parsed(key, isFit ? value : undefined, `a whole number from ${min} to ${max}`);
    },
    bytes: (key: string, min: number, max: number): number => {
      const value = sizeBytes(text(key));
      const isFit = value !== undefined && value >= min && value <= max;
      return parsed(
        key,
        isFit ? value : undefined,
        `a size from ${min} to ${max} bytes, such as 8Mi or 512Ki`,
      );
    },
    duration: (key: string): number =>
      parsed(key, durationMs(text(key)), 'a duration such as 90s, 5m or 24h'),
    reclaim: (key: string): ReclaimSettings['request'] =>
      parsed(key, parseReclaim(text(key)), 'keep, delete or a time such as 30d or 12h'),
    list,
    namespaces: (key: string, own: string): readonly string[] | undefined => {
      const given = optional(key);
      return given === undefined ? undefined : checked(key, () => namespaceList(given, own));
    },
    targets: (key: string): readonly string[] => {
      const entries = list(key);
      checked(key, () => brokerTargets(entries));
      return entries;
    },
    address: (key: string): Address =>
      parsed(key, parseAddress(text(key)), 'host:port, or :port for all interfaces, such as 127.0.0.1:8443'),
  };
}

function webhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') {
    throw new ConfigError(
      `--webhook-url is "${text}"; it must be an https URL that the API server can reach`,
    );
  }
  return url;
}
