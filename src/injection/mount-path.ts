import type { RawEnv } from './pod.ts';

/** Paths inside containers. Those of Windows may have a drive letter, use backslashes, and ignore case. */

/** True for `/a` and for `C:\a`; `..` would leave the place that the path seems to name. */
export function isAbsolute(path: string): boolean {
  return /^(\/|[A-Za-z]:[\\/])/.test(path) && !/(^|[\\/])\.\.([\\/]|$)/.test(path) && !path.includes('\0');
}

/** Without doubled and trailing separators and without `.`, otherwise as written. */
export function tidyPath(path: string): string {
  if (!/[\\/]{2}|[\\/]$|[\\/]\.([\\/]|$)/.test(path)) return path;
  const tidy = path.replaceAll(/([\\/])(\.?[\\/])+/g, '$1').replace(/[\\/]\.?$/, '');
  return tidy === '' || /^[A-Za-z]:$/.test(tidy) ? `${tidy}${path.includes('\\') ? '\\' : '/'}` : tidy;
}

/** `root` and a name below it. */
export function joinPath(root: string, name: string): string {
  const tidy = tidyPath(root);
  const separator = tidy.includes('\\') ? '\\' : '/';
  return tidy.endsWith(separator) ? tidy + name : tidy + separator + name;
}

/**
 * The names on the way to a directory. Two paths with the same names are the same place, and one whose names are the
 * beginning of another's is around it.
 */
export function pathParts(path: string, windows: boolean): readonly string[] {
  const known = windows ? undefined : partsByPath.get(path);
  if (known !== undefined) return known;
  const text = comparable(path, windows);
  const parts = (text.endsWith('/') ? text.slice(0, -1) : text).split('/');
  if (windows || path.length > maxRemembered.length) return parts;
  if (partsByPath.size >= maxRemembered.paths) partsByPath.clear();
  partsByPath.set(path, parts);
  return parts;
}

/** Nearly all containers have the same few mounts. */
const partsByPath = new Map<string, readonly string[]>();
const maxRemembered = { paths: 1_000, length: 200 } as const;

function comparable(path: string, windows: boolean): string {
  const tidy = tidyPath(path);
  if (!windows) return tidy;
  const slashes = tidy.replaceAll('\\', '/').toLowerCase();
  // The kubelet puts the system drive before a path that has none.
  return slashes.startsWith('/') ? `c:${slashes}` : slashes;
}

/** The variable by which applications find their bindings (servicebinding.io). */
export const rootVariable = 'SERVICE_BINDING_ROOT';

const defaultRoot = '/bindings';

/** Where one container expects its bindings. */
export type BindingRoot =
  | { readonly kind: 'set'; readonly path: string }
  /** The container has no such variable; it is to be added with this path. */
  | { readonly kind: 'unset'; readonly path: string }
  | { readonly kind: 'unknowable'; readonly reason: string };

const unset: BindingRoot = { kind: 'unset', path: defaultRoot };

/**
 * The root that a container's variable says. A value that is there is respected and never changed. One that only the
 * kubelet can know can not be mounted at.
 * @param entry the container's own `SERVICE_BINDING_ROOT`
 */
export function bindingRoot(entry: RawEnv | undefined): BindingRoot {
  if (entry === undefined) return unset;
  if (entry.valueFrom !== undefined && entry.valueFrom !== null) {
    return unknowable('is set by valueFrom, so the path is not known at admission');
  }
  const value = entry.value ?? '';
  if (value.includes('$('))
    return unknowable('refers to another variable, so the path is not known at admission');
  if (!isAbsolute(value)) return unknowable(value === '' ? 'is empty' : 'is not an absolute path');
  return { kind: 'set', path: tidyPath(value) };
}

function unknowable(reason: string): BindingRoot {
  return { kind: 'unknowable', reason };
}
