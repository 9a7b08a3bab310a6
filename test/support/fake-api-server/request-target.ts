/** What a request of the Kubernetes API is about, read from its path. */
export interface RequestTarget {
  /** `v1/secrets`, `servicecatalog.k8s.io/v1beta1/serviceinstances`: names the collection. */
  readonly collection: string;
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Undefined for a path that is none of the resource API (`/version`). */
export function requestTarget(path: string): RequestTarget | undefined {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const root = parts.shift();
  const apiVersion =
    root === 'api' ? parts.shift() : root === 'apis' ? parts.splice(0, 2).join('/') : undefined;
  if (apiVersion === undefined || parts.length === 0) return undefined;
  // `namespaces/x` is the object x, `namespaces/x/secrets` are secrets in x.
  const isInside =
    parts[0] === 'namespaces' && parts.length > 2 && parts[2] !== 'status' && parts[2] !== 'finalize';
  const namespace = isInside ? parts[1] : undefined;
  const [plural = '', name, subresource] = isInside ? parts.slice(2) : parts;
  return { collection: `${apiVersion}/${plural}`, apiVersion, plural, namespace, name, subresource };
}
