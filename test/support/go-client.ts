/**
 * What a typed client written in Go makes of a spec: it decodes it into the original's types, which drops what they
 * have no field for, and writes them back. A field whose tag says `omitempty` is left out when it has its zero value;
 * without it the zero value is written, which is null for a pointer, a list, a map and bytes.
 */
export interface GoField {
  /** Undefined for what is kept as it is: raw JSON, lists and maps of scalars. */
  readonly fields?: GoStruct;
  readonly isList?: true;
  readonly zero: '' | 0 | false | null;
  readonly omitempty: boolean;
}

export type GoStruct = Readonly<Record<string, GoField>>;

const text = { zero: '', omitempty: false } as const;
const flag = { zero: false, omitempty: false } as const;
const count = { zero: 0, omitempty: false } as const;
/** A pointer, raw JSON, a list or a map. */
const pointer = { zero: null, omitempty: false } as const;

function optional<T extends GoField>(field: T): T & { readonly omitempty: true } {
  return { ...field, omitempty: true };
}

function struct(fields: GoStruct): GoField {
  return { ...pointer, fields };
}

function list(fields: GoStruct): GoField {
  return { ...pointer, fields, isList: true };
}

const localReference = struct({ name: optional(text) });
const reference = struct({ namespace: optional(text), name: optional(text) });
const userInfo = optional(
  struct({ username: text, uid: text, groups: optional(pointer), extra: optional(pointer) }),
);
const parameters = {
  parameters: optional(pointer),
  parametersFrom: optional(list({ secretKeyRef: optional(struct({ name: text, key: text })) })),
};

function brokerOf(secretRef: GoField): GoStruct {
  const auth = optional(struct({ secretRef: optional(secretRef) }));
  return {
    url: text,
    insecureSkipTLSVerify: optional(flag),
    caBundle: optional(pointer),
    relistBehavior: text,
    relistDuration: optional(pointer),
    relistRequests: count,
    catalogRestrictions: optional(
      struct({ serviceClass: optional(pointer), servicePlan: optional(pointer) }),
    ),
    authInfo: optional(struct({ basic: auth, bearer: auth })),
  };
}

const offering = {
  externalName: text,
  externalID: text,
  description: text,
  externalMetadata: optional(pointer),
  defaultProvisionParameters: optional(pointer),
};
const serviceClass = {
  ...offering,
  bindable: flag,
  bindingRetrievable: flag,
  planUpdatable: flag,
  tags: optional(pointer),
  requires: optional(pointer),
};
const servicePlan = {
  ...offering,
  bindable: optional(pointer),
  free: flag,
  instanceCreateParameterSchema: optional(pointer),
  instanceUpdateParameterSchema: optional(pointer),
  serviceBindingCreateParameterSchema: optional(pointer),
};

const selectors = ['ExternalName', 'ExternalID', 'Name'].flatMap((style) =>
  ['clusterServiceClass', 'clusterServicePlan', 'serviceClass', 'servicePlan'].map(
    (what) => [`${what}${style}`, optional(text)] as const,
  ),
);
const references = [
  'clusterServiceClassRef',
  'clusterServicePlanRef',
  'serviceClassRef',
  'servicePlanRef',
].map((name) => [name, optional(localReference)] as const);

/** The specs of service-catalog v0.3.1 (`pkg/apis`), by kind. */
const specs: Readonly<Record<string, GoStruct>> = {
  ClusterServiceBroker: brokerOf(reference),
  ServiceBroker: brokerOf(localReference),
  ClusterServiceClass: { ...serviceClass, clusterServiceBrokerName: text },
  ServiceClass: { ...serviceClass, serviceBrokerName: text },
  ClusterServicePlan: {
    ...servicePlan,
    clusterServiceBrokerName: text,
    clusterServiceClassRef: localReference,
  },
  ServicePlan: { ...servicePlan, serviceBrokerName: text, serviceClassRef: localReference },
  ServiceInstance: {
    ...Object.fromEntries([...selectors, ...references]),
    ...parameters,
    externalID: text,
    userInfo,
    updateRequests: count,
  },
  ServiceBinding: {
    instanceRef: localReference,
    ...parameters,
    secretName: optional(text),
    secretTransforms: optional(
      list({
        renameKey: optional(struct({ from: text, to: text })),
        addKey: optional(
          struct({ key: text, value: pointer, stringValue: pointer, jsonPathExpression: pointer }),
        ),
        addKeysFrom: optional(struct({ secretRef: optional(reference) })),
        removeKey: optional(struct({ key: text })),
      }),
    ),
    externalID: text,
    userInfo,
  },
  PodPreset: {
    selector: optional(struct({ matchLabels: optional(pointer), matchExpressions: optional(pointer) })),
    env: optional(pointer),
    envFrom: optional(pointer),
    volumes: optional(pointer),
    volumeMounts: optional(pointer),
  },
};

/**
 * The spec as such a client writes it back.
 * @param tags `all-zeros`: as if no field had `omitempty`, as with types generated from the definitions
 */
export function goSpec(kind: string, spec: object, tags: 'original' | 'all-zeros'): object {
  const fields = specs[kind];
  if (fields === undefined) throw new Error(`unknown kind ${kind}`);
  return written(fields, spec as Readonly<Record<string, unknown>>, tags);
}

function written(
  fields: GoStruct,
  object: Readonly<Record<string, unknown>>,
  tags: 'original' | 'all-zeros',
): object {
  const result: [string, unknown][] = [];
  for (const [name, { zero, omitempty, fields: inner, isList }] of Object.entries(fields)) {
    const value = object[name] ?? zero;
    const isZero = value === zero || (typeof value === 'object' && isEmptyList(value));
    if (isZero && omitempty && tags === 'original') continue;
    const nested = (item: unknown): unknown =>
      inner === undefined || item === null
        ? item
        : written(inner, item as Readonly<Record<string, unknown>>, tags);
    result.push([name, isList && Array.isArray(value) ? value.map(nested) : nested(value)]);
  }
  return Object.fromEntries(result);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
