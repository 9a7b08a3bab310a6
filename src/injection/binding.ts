import { bindingAnnotationPrefixes, defaultTypeAnnotationPrefix } from '../api/group.ts';
import {
  parametersDigest,
  requestedName,
  type BindingIdentity,
  type InstanceIdentity,
  type WorkloadRef,
} from '../api/requested-identity.ts';
import { sha256Hex } from '../base/hash.ts';
import { memoized } from '../base/memo.ts';
import type { RawEnv, RawEnvFrom, RawMount, RawVolume } from './pod.ts';
import type { BindingRequest } from './request.ts';

/** The Secret that holds the credentials of a request, and the objects that stand behind it. */
export interface RequestNames {
  readonly secret: string;
  /** The ServiceBinding; none for `secret/…`. */
  readonly binding?: string;
  /** The ServiceInstance, where the request names it or has it made. */
  readonly instance?: string;
}

/** `spec.secretName` of a ServiceBinding, undefined when it does not exist or has none. */
export type SecretNameLookup = (namespace: string, bindingName: string) => string | undefined;

/** What names follow from, besides the request. */
export interface RequestOwner {
  readonly namespace: string;
  /** The stable top of the Pod: see `top-workload.ts`. */
  readonly workload: WorkloadRef;
}

/** What of a request its names follow from. */
export type NamedRequest = Pick<BindingRequest, 'name' | 'source' | 'parameters' | 'share'>;

/**
 * Which objects a request means. It depends on names and on the *spec* of bindings only, so that it says the same at
 * every time: a binding that does not exist yet will put its credentials where bindings do by default, into a Secret
 * of its own name. What is made for a workload is never looked up.
 */
export function requestNames(
  request: NamedRequest,
  owner: RequestOwner,
  lookup: SecretNameLookup,
): RequestNames {
  const { source } = request;
  if (source.kind === 'secret') return { secret: source.secret };
  if (source.kind === 'binding') {
    const { binding } = source;
    return { secret: lookup(owner.namespace, binding) || binding, binding };
  }
  const instance =
    source.kind === 'instance'
      ? source.instance
      : requestedName(owner.namespace, instanceIdentity(request, source.class, owner.workload));
  const binding = requestedName(owner.namespace, loginIdentity(request, instance, owner.workload));
  return { secret: binding, binding, instance };
}

/**
 * Why `wait: deny` can not be had, as the end of a sentence; undefined where it can. A Pod that is refused asks for nothing: what
 * is to be made for that Pod itself would never be made.
 */
export function noDenial(
  { source }: Pick<NamedRequest, 'source'>,
  { workload }: Pick<RequestOwner, 'workload'>,
): string | undefined {
  // Whether a Secret is there nobody here may see.
  if (source.kind === 'secret') return 'with secret/…';
  return source.kind === 'binding' || workload.kind !== 'Pod'
    ? undefined
    : `with ${source.kind}/… of a Pod that asks itself`;
}

/** The service that `request/<class>/…` means. */
export function instanceIdentity(
  { name, share }: Pick<NamedRequest, 'name' | 'share'>,
  className: string,
  workload: WorkloadRef,
): InstanceIdentity {
  if (share?.kind === 'id') return { of: 'share', share: share.id, class: className };
  return { of: 'workload', workload: share?.workload ?? workload, binding: name, class: className };
}

/** The login that `request/…` and `instance/…` mean. Parameters of a `request/…` are those of its instance. */
export function loginIdentity(
  { name, source, parameters }: Pick<NamedRequest, 'name' | 'source' | 'parameters'>,
  instance: string,
  workload: WorkloadRef,
): BindingIdentity {
  const digest = source.kind === 'instance' ? parametersDigest(parameters) : '';
  return { of: 'login', workload, binding: name, instance, parameters: digest };
}

/** Octal 0644: readable for every user of a container, whoever it runs as. */
const fileMode = 0o644;

/** `sb-`, the name, a dash and eight digits fit into the 63 characters of a volume's name. */
const nameRoom = 63 - 'sb-'.length - '-'.length - 8;

/**
 * Name of a binding's volume. The digest is always there, so that a volume of the user can not have this name by
 * chance, and so that two names which look alike once dots have become dashes stay apart.
 */
export const volumeName: (request: Pick<BindingRequest, 'name' | 'sourceText'>) => string = memoized(
  ({ name, sourceText }) => {
    const readable = name.replaceAll('.', '-').slice(0, nameRoom).replace(/-+$/, '');
    return `sb-${readable}-${sha256Hex(`${name}\n${sourceText}`).slice(0, 8)}`;
  },
);

/**
 * True where nobody says that the directory has a file `type`: the Secret is somebody else's, or may be missing. Readers
 * of servicebinding.io fail on a directory without one, so the binding's name stands in for it.
 */
export function needsDefaultType({ source, wait, overridesType, mount }: BindingRequest): boolean {
  return (source.kind === 'secret' || wait === 'optional') && !overridesType && mount.kind !== 'none';
}

/**
 * Keys under another name, for Secrets that are not written for this workload: nobody has to read them for it. A key that is
 * not there is left out, and the Secret is waited for by its own source.
 */
function aliasSource({ source, shape }: BindingRequest, secret: string): unknown {
  const isOwn = source.kind === 'request' || source.kind === 'instance';
  if (isOwn || shape === undefined || shape === 'unclear' || shape.rule.aliases.length === 0)
    return undefined;
  const items = shape.rule.aliases.map(({ key, from }) => ({ key: from, path: key }));
  return { secret: { name: secret, items, optional: true } };
}

/**
 * The projected volume of a binding: the annotation that stands in for a missing `type`, the Secret, then the
 * annotations that override its `type` and `provider`. Aliases come before the Secret, which keeps what it has. In a projected volume the later source wins for the same path.
 */
export function bindingVolume(request: BindingRequest, secret: string, windows: boolean): RawVolume {
  const optional = request.wait === 'optional' ? { optional: true } : {};
  const { name } = request;
  const sources: unknown[] = [{ secret: { name: secret, ...optional } }];
  const aliases = aliasSource(request, secret);
  if (aliases !== undefined) sources.unshift(aliases);
  if (needsDefaultType(request)) {
    sources.unshift({ downwardAPI: { items: [annotationFile('type', defaultTypeAnnotationPrefix + name)] } });
  }
  const items: unknown[] = [];
  for (const file of ['type', 'provider'] as const) {
    const isOverridden = file === 'type' ? request.overridesType : request.overridesProvider;
    if (isOverridden) items.push(annotationFile(file, bindingAnnotationPrefixes[file] + name));
  }
  if (items.length > 0) sources.push({ downwardAPI: { items } });
  // Windows has no file modes; there the API server's default may stand.
  return {
    name: volumeName(request),
    projected: windows ? { sources } : { sources, defaultMode: fileMode },
  };
}

function annotationFile(file: 'type' | 'provider', key: string): unknown {
  return { path: file, fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${key}']` } };
}

/** What a binding adds to each of its containers: the same to all. */
export interface BindingEntries {
  /** The volume to be mounted below each container's own root. */
  readonly volumeBelowRoot: string | undefined;
  readonly mount: RawMount | undefined;
  readonly env: readonly RawEnv[];
  readonly envFrom: readonly RawEnvFrom[];
}

/** @param volume name of the binding's volume; undefined when it can not be mounted */
export function entriesOf(
  { mount, env, wait }: BindingRequest,
  secret: string,
  volume: string | undefined,
): BindingEntries {
  const optional = wait === 'optional' ? { optional: true } : {};
  return {
    volumeBelowRoot: mount.kind === 'root' ? volume : undefined,
    mount:
      mount.kind === 'path' && volume !== undefined
        ? { name: volume, mountPath: mount.path, readOnly: true }
        : undefined,
    env: env.variables.map(({ name, key }) => ({
      name,
      valueFrom: { secretKeyRef: { name: secret, key, ...optional } },
    })),
    envFrom: env.prefixes.map((prefix) => {
      const secretRef = { name: secret, ...optional };
      return prefix === '' ? { secretRef } : { prefix, secretRef };
    }),
  };
}
