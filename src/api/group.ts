/** Every name that others see: API groups, finalizer, labels, annotations, scheduling gate. */

export const group = 'servicecatalog.k8s.io';
export const version = 'v1beta1';
/** `apiVersion` of the eight kinds of the catalog. */
export const apiVersion = `${group}/${version}`;

/** Group of PodPreset. */
export const settingsGroup = `settings.${group}`;
export const settingsVersion = 'v1alpha1';

/**
 * On brokers, instances and bindings. The name is that of the original service catalog: its clients remove exactly
 * this one when they abandon an object.
 */
export const finalizer = 'kubernetes-incubator/service-catalog';

/** Prefix of our own labels and annotations on our own kinds; the query labels of `labels.ts` are among them. */
export const labelPrefix = `${group}/`;

/** On an Event: by what the broker's log has the request that came to it. */
export const requestIdentityAnnotation = `${labelPrefix}request-identity`;

/** On a namespace, `enabled`: Pods without an annotation are shown to the webhook too, for PodPresets. */
export const podPresetsLabel = `${labelPrefix}pod-presets`;

/** Holds a Pod until its Secrets exist. */
export const schedulingGate = `${labelPrefix}binding`;

/**
 * Prefixes of the annotations with which a Pod template asks for bindings. What follows the prefix names the
 * binding's directory.
 */
export const bindingAnnotationPrefixes = {
  /** The source: `binding/<b>`, `instance/<i>`, `request/<class>/<plan>`, `secret/<s>`, or empty. */
  bind: `bind.${group}/`,
  /** `VAR=key,…`, `PREFIX_*` or `*`. */
  env: `env.bind.${group}/`,
  /** Which containers take part. */
  containers: `containers.bind.${group}/`,
  /** An absolute path, or `none`. */
  mount: `mount.bind.${group}/`,
  /** Replaces the Secret's `type` entry. */
  type: `type.bind.${group}/`,
  /** Replaces the Secret's `provider` entry. */
  provider: `provider.bind.${group}/`,
  /** `kubelet`, `gate`, `optional` or `deny`. */
  wait: `wait.bind.${group}/`,
  /** JSON, or `secret:<s>/<key>`. */
  params: `params.bind.${group}/`,
  /** `on-change`. */
  restart: `restart.bind.${group}/`,
  /** An id under which workloads share an instance, or `<Kind>/<name>` for that of another workload. */
  share: `share.bind.${group}/`,
  /** `delete`, `keep`, or for how long an instance is kept that nobody asks for any more. */
  reclaim: `reclaim.bind.${group}/`,
  /** What else than the broker's own keys there shall be: see `shapes/shape-rule.ts`. */
  shape: `shape.bind.${group}/`,
} as const;

/** What to do about a conflict: `deny`, `skip` or `keep-mine`. */
export const conflictPolicyAnnotation = `conflict.${group}/policy`;

/** `enabled` or `disabled`, as label or annotation of a Pod, or as label of a namespace. */
export const injectKey = `inject.${group}`;

/** The opt-out of the PodPreset that Kubernetes once had, still obeyed. */
export const podPresetExcludeAnnotation = 'podpreset.admission.kubernetes.io/exclude';

/**
 * On an instance or a broker, `enabled` or `disabled`: whether what a failed request may have left at the broker is
 * deleted. Enabled when absent.
 */
export const orphanMitigationAnnotation = `${labelPrefix}orphan-mitigation`;

/** On an instance, `retain` or `delete`: whether the service stays at its broker when the object goes. */
export const deletionPolicyAnnotation = `${labelPrefix}deletion-policy`;

/** On an instance or a binding, `true` or `false`: whether nothing is asked of its broker for it, nor changed of it. */
export const pausedAnnotation = `${labelPrefix}paused`;

/** On a binding: the namespace of its instance. Only its own is bound; what says another is left alone. */
export const instanceNamespaceAnnotation = `${labelPrefix}instance-namespace`;

/** On an instance: the namespace that its service goes to when the object goes. */
export const releaseToAnnotation = `${labelPrefix}release-to`;

/** On an instance or a binding with `spec.externalID`, `true`: what the broker has under that id is taken up here, and not made. */
export const adoptAnnotation = `${labelPrefix}adopt`;

/** On a class or a plan: a label selector of the namespaces that may have new services of it. */
export const namespacesAnnotation = `${labelPrefix}namespaces`;

/** On a class or a plan: how many instances of it a namespace may have. */
export const maxPerNamespaceAnnotation = `${labelPrefix}max-per-namespace`;

/** On an instance, a binding or a broker: another value than before has it looked at now. */
export const syncRequestedAtAnnotation = `${labelPrefix}sync-requested-at`;

/** On an instance or a binding, `true`: it is not deleted while that stands there. */
export const deletionProtectionAnnotation = `${labelPrefix}deletion-protection`;

/** On an instance, `true`: its deletion deletes its bindings. */
export const cascadeAnnotation = `${labelPrefix}cascade`;

/** On an instance or a binding, `true`: when it is deleted it is let go, and its broker is told nothing. */
export const purgeAnnotation = `${labelPrefix}purge`;

/** On the same: the user who has said so, and may. Written by the webhook, held by a policy; without it nothing is let go. */
export const purgeAskedByAnnotation = `${labelPrefix}purge-asked-by`;

/**
 * On the CustomResourceDefinitions of our kinds: what becomes of services when they are deleted. `deprovision`: they go as well. With anything
 * else, and without it, nothing is deleted at a broker for that.
 */
export const removalAnnotation = `${labelPrefix}removal`;

/** On ConfigMaps in Bindery's own namespace that are the record of a service which was retained: `true`. */
export const retainedLabel = `${labelPrefix}retained`;

/** Written to a Pod: what was injected, as JSON. */
export const injectedAnnotation = `status.${group}/injected`;

/**
 * Written to a Pod: what the file `type` of the binding says that the rest of the key names, where its Secret has no
 * such entry.
 */
export const defaultTypeAnnotationPrefix = `default-type.${group}/`;

/**
 * Written to a workload, and to its Pod template when it is to be rolled out: a keyed digest of the Secret of the binding that
 * the rest of the key names.
 */
export const secretHashAnnotationPrefix = `hash.${group}/`;

/** On the Secrets that hold the credentials of bindings: `true`. */
export const bindingSecretLabel = `${labelPrefix}binding-secret`;

/** On the same: which keys are not the broker's own, and which of its own are JSON, as `secret-note.ts` writes it. */
export const secretKeysAnnotation = `${labelPrefix}secret-keys`;

/** On a binding: what else than the broker's own keys its Secret shall have. */
export const shapeAnnotation = `${labelPrefix}shape`;

/** On a binding, `when-lost` or `never`: whether a new login is made when nobody gives out its credentials again. */
export const renewAnnotation = `${labelPrefix}renew`;

/** On an instance, `enabled` or `disabled`: whether a change of the Secrets in `parametersFrom` is an update of it. */
export const followParametersAnnotation = `${labelPrefix}follow-parameters`;

/**
 * On a binding that copies keys of other Secrets: the user who may read them. Written by the webhook, held by a policy; without
 * it nothing is copied.
 */
export const secretsReadByAnnotation = `${labelPrefix}secrets-read-by`;

/** On the Secrets of bindings: the id of the binding at the broker to which these credentials belong. */
export const bindingIdAnnotation = `${labelPrefix}binding-id`;

/** On instances and bindings that were made for an annotation: `true`. */
export const generatedLabel = `${labelPrefix}generated`;

/** On those that were made when equal annotations shared a service: the annotation's value. They are left alone. */
export const generatedForAnnotation = `${labelPrefix}generated-for`;

/** On instances and bindings that were made for a workload: for which, and for what of it. See `requested-identity.ts`. */
export const requestedForAnnotation = `${labelPrefix}requested-for`;

/** On the same, a label: the name of the workload, or the id that workloads share. */
export const workloadLabel = `${labelPrefix}workload`;

/** On a workload: the user who asked for services last. Written by the webhook, held by a policy. */
export const requestedByAnnotation = `${labelPrefix}requested-by`;

/**
 * On a Deployment, StatefulSet or DaemonSet: which ids at brokers its services and logins have, as `ids-on-record.ts` writes it.
 */
export const idsAnnotation = `${labelPrefix}ids`;

/** On an instance: for how long it is kept when nobody asks for it any more, as recorded while somebody asked. */
export const reclaimAnnotation = `${labelPrefix}reclaim`;

/** On instances and bindings that nobody asks for: when they go, and the uid of the object that it was written on. */
export const reclaimAtAnnotation = `${labelPrefix}reclaim-at`;

/** On a workload: `<HH:MM>-<HH:MM>`, UTC, in which it may be rolled out because a Secret has changed. */
export const restartWindowAnnotation = `${labelPrefix}restart-window`;

/** On a workload whose Pods were refused (`wait: deny`): when it was nudged to make them, as the credentials are there. */
export const podsAdmittedAtAnnotation = `${labelPrefix}pods-admitted-at`;

/** On a Pod that our gate holds: the ServiceBindings that came after it and are there, with commas between. */
export const bindingSeenAnnotation = `${labelPrefix}binding-seen`;

/** On the template of a Job that a CronJob made: `CronJob/<name>`. */
export const workloadMarkAnnotation = `status.${group}/workload`;

/**
 * On instances and bindings: whose id (`spec.externalID`) it was first, and of which cluster, as `model/id-mark.ts` writes it.
 * One that was made for them says when, as the webhook writes it, or for which uid, as the controller does.
 */
export const idMadeAnnotation = `${labelPrefix}id-made`;

/** Marks on our own objects that are state, not settings: who replaces an object without them keeps them. */
export const keptLabels: readonly string[] = [generatedLabel, workloadLabel];
export const keptAnnotations: readonly string[] = [
  generatedForAnnotation,
  requestedForAnnotation,
  reclaimAnnotation,
  reclaimAtAnnotation,
  idMadeAnnotation,
  deletionPolicyAnnotation,
  deletionProtectionAnnotation,
  adoptAnnotation,
  releaseToAnnotation,
  secretsReadByAnnotation,
];

/**
 * Field manager of what the controller writes. Admission tells it by this from a person with the same credentials, as
 * with `bindery run` under one's own kubeconfig.
 */
export const controllerFieldManager = 'bindery-controller';
