import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Seconds. From one object in the cache to a slow broker behind it. */
const reconcileBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];
const brokerBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const kubeBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];
const admissionBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Bytes. A binding adds about one KiB to a Pod. */
const patchBuckets = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

/**
 * Every metric of the program. docs/reference/metrics.md says of each what it means and when to worry; a test holds
 * the two together. Label values come from small closed sets, `broker` from a set of bounded size: never a name that
 * a tenant chooses and never more than a hundred brokers.
 */
// The return type is the table below; spelling it out would say everything twice.
export function declareMetrics(registry: Registry) {
  const registers = [registry];
  return {
    buildInfo: new Gauge({
      registers,
      name: 'bindery_build_info',
      help: 'Always 1; the labels say what runs.',
      labelNames: ['version', 'node'],
    }),
    ready: new Gauge({
      registers,
      name: 'bindery_ready_seconds',
      help: 'Time from the start of the process until it was ready for the first time; 0 until then.',
    }),
    leader: new Gauge({
      registers,
      name: 'bindery_leader',
      help: '1 while this process holds the Lease and reconciles, else 0.',
    }),
    viewAge: new Gauge({
      registers,
      name: 'bindery_view_age_seconds',
      help: 'Time since the watch of some kind was cut and could not be renewed; 0 while all kinds are watched.',
    }),
    objects: new Gauge({
      registers,
      name: 'bindery_objects',
      help: 'Objects in the cluster by kind and state.',
      labelNames: ['kind', 'state'],
    }),
    keptObjects: new Gauge({
      registers,
      name: 'bindery_kept_objects',
      help: 'Instances and bindings that were made for workloads, that nobody asks for, and whose time has not come.',
      labelNames: ['kind'],
    }),
    expiringBindings: new Gauge({
      registers,
      name: 'bindery_expiring_bindings',
      help: 'Bindings whose credentials end soon, are to be renewed, or have ended, by what their condition says.',
      labelNames: ['reason'],
    }),
    reconcileSeconds: new Histogram({
      registers,
      name: 'bindery_reconcile_duration_seconds',
      help: 'Runs of the reconcilers.',
      labelNames: ['controller', 'outcome'],
      buckets: reconcileBuckets,
    }),
    queueDepth: new Gauge({
      registers,
      name: 'bindery_queue_depth',
      help: 'Objects that wait for a free worker.',
      labelNames: ['controller'],
    }),
    secretChecks: new Counter({
      registers,
      name: 'bindery_secret_checks_total',
      help: 'Looks at the Secrets of bindings, by what was found.',
      labelNames: ['finding'],
    }),
    purged: new Counter({
      registers,
      name: 'bindery_purged_total',
      help: 'Instances and bindings that were let go without their broker.',
      labelNames: ['kind'],
    }),
    brokerSeconds: new Histogram({
      registers,
      name: 'bindery_broker_request_duration_seconds',
      help: 'Requests to brokers, with the time they waited for a slot.',
      labelNames: ['broker', 'operation'],
      buckets: brokerBuckets,
    }),
    brokerFailures: new Counter({
      registers,
      name: 'bindery_broker_failures_total',
      help: 'Requests to brokers that failed, by reason.',
      labelNames: ['broker', 'operation', 'reason'],
    }),
    brokerCircuit: new Gauge({
      registers,
      name: 'bindery_broker_circuit',
      help: 'Circuit breaker of a broker: 0 closed, 1 half-open, 2 open.',
      labelNames: ['broker'],
    }),
    kubeSeconds: new Histogram({
      registers,
      name: 'bindery_kube_request_duration_seconds',
      help: 'Requests to the API server, watches excepted.',
      labelNames: ['method', 'resource'],
      buckets: kubeBuckets,
    }),
    kubeAnswers: new Counter({
      registers,
      name: 'bindery_kube_answers_total',
      help: 'Answers of the API server by HTTP status; "none" when there was no answer.',
      labelNames: ['method', 'resource', 'status'],
    }),
    watchActivity: new Counter({
      registers,
      name: 'bindery_watch_activity_total',
      help: 'What the watches did: list, watch, event, bookmark, failure.',
      labelNames: ['resource', 'what'],
    }),
    admissionSeconds: new Histogram({
      registers,
      name: 'bindery_admission_duration_seconds',
      help: 'Answered admission reviews.',
      labelNames: ['path', 'outcome'],
      buckets: admissionBuckets,
    }),
    admissionPatchBytes: new Histogram({
      registers,
      name: 'bindery_admission_patch_bytes',
      help: 'Size of the patches in admission answers.',
      labelNames: ['path'],
      buckets: patchBuckets,
    }),
    injectedBindings: new Counter({
      registers,
      name: 'bindery_injected_bindings_total',
      help: 'Bindings put into Pods, by the kind of their source.',
      labelNames: ['source'],
    }),
    injectionConflicts: new Counter({
      registers,
      name: 'bindery_injection_conflicts_total',
      help: 'Bindings that collided with what the Pod has, by what they collided about.',
      labelNames: ['field'],
    }),
    certificateNotAfter: new Gauge({
      registers,
      name: 'bindery_certificate_not_after_seconds',
      help: 'When the serving certificate of the webhook expires, in seconds since the epoch.',
    }),
    caBundleWrites: new Counter({
      registers,
      name: 'bindery_ca_bundle_writes_total',
      help: 'Webhook configurations that had to be given their caBundle.',
    }),
    // The three of the retired Service Catalog, with its names and labels, for dashboards that exist.
    classCount: new Gauge({
      registers,
      name: 'servicecatalog_broker_service_class_count',
      help: 'Classes of a broker; the namespace is empty for a ClusterServiceBroker.',
      labelNames: ['broker', 'namespace'],
    }),
    planCount: new Gauge({
      registers,
      name: 'servicecatalog_broker_service_plan_count',
      help: 'Plans of a broker; the namespace is empty for a ClusterServiceBroker.',
      labelNames: ['broker', 'namespace'],
    }),
    osbRequestCount: new Counter({
      registers,
      name: 'servicecatalog_osb_request_count',
      help: 'Requests to brokers by class of HTTP status; brokers of one name in several namespaces are one.',
      labelNames: ['broker', 'method', 'status'],
    }),
  };
}

export type Declared = ReturnType<typeof declareMetrics>;
