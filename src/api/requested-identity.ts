/**
 * Who a requested service belongs to, and the names that follow from it. This is an interface: webhook and controller find
 * each other by it alone, and a name that changed would lead every workload to an empty database. Its golden vectors are in
 * `test/unit/api/requested-identity.test.ts`.
 */
import { sha256Hex } from '../base/hash.ts';
import { canonicalJson, isObject, parseExact } from '../base/json.ts';

/** The stable top of what Pods are made from, such as a Deployment. */
export interface WorkloadRef {
  readonly kind: string;
  readonly name: string;
}

/** A service. Plan and parameters are no part of it: who edits them means the same service. */
export type InstanceIdentity =
  | {
      readonly of: 'workload';
      readonly workload: WorkloadRef;
      /** What follows the `/` in the annotation's key. */
      readonly binding: string;
      /** External name of the class, as the annotation has it. */
      readonly class: string;
    }
  | { readonly of: 'share'; readonly share: string; readonly class: string };

/** A login. Every workload has one of its own, also at a shared service. */
export interface BindingIdentity {
  readonly of: 'login';
  readonly workload: WorkloadRef;
  readonly binding: string;
  /** Name of the ServiceInstance. */
  readonly instance: string;
  /** See `parametersDigest`; empty for a `request/…`, whose parameters are those of its instance. */
  readonly parameters: string;
}

export type RequestedIdentity = InstanceIdentity | BindingIdentity;

/** A label's length: the most that a Secret's name may have to be one, too. */
const maxNameLength = 63;
const digestLength = 12;
const room = maxNameLength - digestLength - 1;

/**
 * Name of the object, at most 63 characters of a DNS subdomain (RFC 1123): words for people, and twelve hex digits of a
 * digest of everything that it is made of, each part apart.
 */
export function requestedName(namespace: string, identity: RequestedIdentity): string {
  const digest = sha256Hex(JSON.stringify(partsOf(namespace, identity))).slice(0, digestLength);
  const words = identity.of === 'share' ? identity.share : `${identity.workload.name}-${identity.binding}`;
  return `${words.slice(0, room).replace(/[-.]+$/, '')}-${digest}`;
}

function partsOf(namespace: string, identity: RequestedIdentity): readonly string[] {
  if (identity.of === 'share') return ['share', namespace, identity.share, identity.class];
  const { workload, binding } = identity;
  const owner = [namespace, workload.kind, workload.name, binding];
  return identity.of === 'workload'
    ? ['workload', ...owner, identity.class]
    : ['login', ...owner, identity.instance, identity.parameters];
}

/** Whether a name has the form of those above. A cheap sieve: only a mark proves anything. */
export function hasRequestedName(name: string): boolean {
  return /^.+-[0-9a-f]{12}$/.test(name);
}

/** JSON counts by its content, not by its spelling; empty for none. */
export function parametersDigest(parameters: string): string {
  return parameters === '' ? '' : sha256Hex(canonical(parameters)).slice(0, 16);
}

function canonical(parameters: string): string {
  try {
    return canonicalJson(parseExact(parameters));
  } catch {
    return parameters;
  }
}

/** The identity as it is written on the object; `markedIdentity` reads it. */
export function markOf(identity: RequestedIdentity): string {
  if (identity.of === 'share') return JSON.stringify({ share: identity.share, class: identity.class });
  const { workload, binding } = identity;
  const owner = { workload: `${workload.kind}/${workload.name}`, binding };
  return JSON.stringify(
    identity.of === 'workload'
      ? { ...owner, class: identity.class }
      : { ...owner, instance: identity.instance, parameters: identity.parameters },
  );
}

/**
 * What an object was made for. A mark is valid when it gives this very name in this namespace: a copy under another name, or
 * in another namespace, is nothing of ours, and neither is an object that only says so.
 */
export function markedIdentity(
  { name, namespace = '' }: { readonly name: string; readonly namespace?: string | undefined },
  mark: string | undefined,
): RequestedIdentity | undefined {
  if (mark === undefined || !hasRequestedName(name)) return undefined;
  const identity = readMark(mark);
  return identity !== undefined && requestedName(namespace, identity) === name ? identity : undefined;
}

function readMark(mark: string): RequestedIdentity | undefined {
  const parts = parsed(mark);
  if (!isObject(parts)) return undefined;
  const text = (key: string): string | undefined => {
    const value = Object.hasOwn(parts, key) ? parts[key] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const [share, offering, binding, instance] = [
    text('share'),
    text('class'),
    text('binding'),
    text('instance'),
  ];
  if (share !== undefined)
    return offering === undefined ? undefined : { of: 'share', share, class: offering };
  const workload = markedWorkload(text('workload') ?? '');
  if (workload === undefined || binding === undefined) return undefined;
  if (offering !== undefined) return { of: 'workload', workload, binding, class: offering };
  if (instance === undefined) return undefined;
  return { of: 'login', workload, binding, instance, parameters: text('parameters') ?? '' };
}

/** `<Kind>/<name>`; undefined when it is not one. */
export function parseWorkloadRef(text: string): WorkloadRef | undefined {
  const match = /^([A-Z][A-Za-z0-9]{0,62})\/([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$/.exec(text);
  const [, kind, name] = match ?? [];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

/** The name of a Pod may be what its name is generated from, and ends as it likes then. */
function markedWorkload(text: string): WorkloadRef | undefined {
  const [, kind, name] = /^([A-Z][A-Za-z0-9]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})$/.exec(text) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
