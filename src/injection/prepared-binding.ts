import type { EnvRule } from './env-rule.ts';
import { joinPath } from './mount-path.ts';
import type { RawEnv, RawEnvFrom, RawMount, RawVolume } from './pod.ts';
import type { BindingRequest } from './request.ts';
import type { InjectedBinding } from './status-annotation.ts';
import { bindingVolume } from './volume.ts';

/** What a request adds, apart from the Pod that it is added to. The objects are shared between Pods: never change them. */
export interface PreparedBinding {
  readonly volume: RawVolume;
  readonly env: readonly RawEnv[];
  readonly envFrom: readonly RawEnvFrom[];
  /** The mount in a container that expects its bindings below this root. */
  readonly mountBelow: (root: string) => RawMount;
  /** The mount at the path that the request names; undefined when it names none. */
  readonly mountAtPath: RawMount | undefined;
  /** How the status lists it. */
  readonly injected: (isMounted: boolean, containers: readonly string[]) => InjectedBinding;
}

const known = new WeakMap<BindingRequest, Map<string, PreparedBinding>>();

/** Pods differ in few roots and few sets of containers; beyond this something else is going on. */
const maxVariants = 100;

/** The same object for the same request and Secret. */
export function prepareBinding(request: BindingRequest, secret: string, windows: boolean): PreparedBinding {
  const key = windows ? `${secret} on Windows` : secret;
  const ofRequest = remember(known, request, () => new Map<string, PreparedBinding>());
  return rememberText(ofRequest, key, () => prepare(request, secret, windows));
}

function prepare(request: BindingRequest, secret: string, windows: boolean): PreparedBinding {
  const { env, mount, wait, name } = request;
  const optional = wait === 'optional' ? { optional: true } : {};
  const volume = bindingVolume(request, secret, windows);
  const mountAt = (mountPath: string): RawMount => ({ name: volume.name, mountPath, readOnly: true });
  const mounts = new Map<string, RawMount>();
  const injected = new Map<string, InjectedBinding>();
  const names = envNames(env);
  return {
    volume,
    env: env.variables.map(({ name: variable, key }) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secret, key, ...optional } },
    })),
    envFrom: env.prefixes.map((prefix) => ({
      ...(prefix === '' ? {} : { prefix }),
      secretRef: { name: secret, ...optional },
    })),
    mountBelow: (root) => rememberText(mounts, root, () => mountAt(joinPath(root, name))),
    mountAtPath: mount.kind === 'path' ? mountAt(mount.path) : undefined,
    injected: (isMounted, containers) =>
      rememberText(injected, `${isMounted} ${containers.join('\0')}`, () => ({
        name,
        secret,
        ...(isMounted ? { volume: volume.name } : {}),
        env: names,
        containers,
      })),
  };
}

/** Names of variables for the status; `PREFIX_*` for all keys of the Secret. */
function envNames({ variables, prefixes }: EnvRule): readonly string[] {
  return [...variables.map(({ name }) => name), ...prefixes.map((prefix) => `${prefix}*`)];
}

function remember<K extends object, V>(memory: WeakMap<K, V>, key: K, make: () => V): V {
  const value = memory.get(key) ?? make();
  memory.set(key, value);
  return value;
}

function rememberText<V>(memory: Map<string, V>, key: string, make: () => V): V {
  const found = memory.get(key);
  if (found !== undefined) return found;
  const value = make();
  if (memory.size < maxVariants) memory.set(key, value);
  return value;
}
