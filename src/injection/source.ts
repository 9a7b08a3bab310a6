import { quote } from './problem.ts';

/** Where a binding comes from, as the annotation `bind.servicecatalog.k8s.io/<name>` says it. */
export type BindingSource =
  | { readonly kind: 'binding'; readonly binding: string }
  | { readonly kind: 'instance'; readonly instance: string }
  | { readonly kind: 'request'; readonly class: string; readonly plan: string }
  | { readonly kind: 'secret'; readonly secret: string };

export type SourceKind = BindingSource['kind'];

export type ParsedSource =
  | { readonly kind: 'source'; readonly source: BindingSource; readonly text: string }
  | { readonly kind: 'illegal'; readonly message: string };

/** DNS subdomain (RFC 1123), the rule for names of Secrets, instances and bindings. */
const objectName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
/** External names of classes and plans come from the broker: anything visible, but no slash. */
const externalName = /^[^\s/\p{C}]{1,253}$/u;

/**
 * Reads the value of a source annotation. Empty means an existing ServiceBinding named like the directory.
 * @returns the source with its canonical text, the one that enters hashes
 */
export function parseSource(name: string, value: string): ParsedSource {
  const text = value.trim() === '' ? `binding/${name}` : value.trim();
  const [kind, ...parts] = text.split('/');
  if (kind === 'request') {
    const [className, plan, ...more] = parts;
    return isExternalName(className) && isExternalName(plan) && more.length === 0
      ? { kind: 'source', text, source: { kind, class: className, plan } }
      : illegal(name, `${quote(text)} is not request/<class>/<plan>`);
  }
  if (kind !== 'binding' && kind !== 'instance' && kind !== 'secret') {
    return illegal(name, `${quote(text)} is not binding/…, instance/…, request/…/… or secret/…`);
  }
  const [object, ...more] = parts;
  return object !== undefined && objectName.test(object) && more.length === 0
    ? { kind: 'source', text, source: sourceOf(kind, object) }
    : illegal(name, `${quote(text)} does not name a Kubernetes object`);
}

function isExternalName(text: string | undefined): text is string {
  return text !== undefined && externalName.test(text);
}

function sourceOf(kind: 'binding' | 'instance' | 'secret', name: string): BindingSource {
  if (kind === 'binding') return { kind, binding: name };
  if (kind === 'instance') return { kind, instance: name };
  return { kind, secret: name };
}

function illegal(name: string, what: string): ParsedSource {
  return { kind: 'illegal', message: `binding ${quote(name)}: ${what}` };
}
