import { generatedName } from '../api/names.ts';
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

/**
 * Which objects a request means. It depends on names and on the *spec* of bindings only, so that it says the same at
 * every time: a binding that does not exist yet will put its credentials where bindings do by default, into a Secret
 * of its own name.
 */
export function requestNames(
  request: Pick<BindingRequest, 'name' | 'source' | 'sourceText' | 'parameters'>,
  namespace: string,
  lookup: SecretNameLookup,
): RequestNames {
  const { source } = request;
  if (source.kind === 'secret') return { secret: source.secret };
  const binding = source.kind === 'binding' ? source.binding : generatedNameOf(request);
  const secret = lookup(namespace, binding) || binding;
  if (source.kind === 'binding') return { secret, binding };
  return { secret, binding, instance: source.kind === 'instance' ? source.instance : binding };
}

/** The name of what is made for a request; the workload controller makes objects of exactly this name. */
function generatedNameOf(request: Pick<BindingRequest, 'name' | 'sourceText' | 'parameters'>): string {
  return generatedName(request.name, request.sourceText, request.parameters);
}
