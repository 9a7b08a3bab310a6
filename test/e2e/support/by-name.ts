interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Documents of a manifest in an order of their own, so that two manifests can be compared. */
export function byName(objects: readonly unknown[]): readonly unknown[] {
  const key = (object: unknown): string => {
    const { kind, metadata } = object as KubernetesObject;
    return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  };
  // kubectl breaks long strings into other lines; a rule in CEL means the same.
  const tidied = JSON.parse(
    JSON.stringify(objects, (_key, value: unknown) =>
      typeof value === 'string' ? value.replaceAll(/\s+/g, ' ') : value,
    ),
  ) as readonly unknown[];
  return tidied
    .filter((object) => object !== null)
    .toSorted((left, right) => key(left).localeCompare(key(right)));
}
