import { isAbsolute, tidyPath } from './mount-path.ts';
import type { RawEnv } from './pod.ts';

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
