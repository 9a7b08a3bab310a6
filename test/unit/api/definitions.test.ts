import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { allKinds } from '../../../src/api/kinds.ts';
import { resourcePath, type Resource } from '../../../src/kube/resources.ts';

interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
}

interface Column {
  readonly name: string;
  readonly jsonPath: string;
  readonly priority?: number;
}

interface Definition {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly subresources?: { readonly status?: object };
      readonly additionalPrinterColumns: readonly Column[];
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

const directory = join(import.meta.dirname, '../../../deploy/crds');
const definitions = readdirSync(directory)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => load(readFileSync(join(directory, file), 'utf8')) as Definition);
const byKind = new Map(definitions.map((definition) => [definition.spec.names.kind, definition]));
const catalog = definitions.filter(({ spec }) => spec.group === 'servicecatalog.k8s.io');

function definitionOf(kind: string): Definition {
  const definition = byKind.get(kind);
  if (definition === undefined) throw new Error(`no definition of ${kind}`);
  return definition;
}

function schemaOf(definition: Definition): Schema {
  return definition.spec.versions[0]?.schema.openAPIV3Schema ?? {};
}

/** Every schema below this one, with its path. */
function walk(schema: Schema, path: string): readonly (readonly [string, Schema])[] {
  const children = [
    ...Object.entries(schema.properties ?? {}).map(([name, child]) => [`${path}.${name}`, child] as const),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as const]),
    ...(schema.additionalProperties === undefined
      ? []
      : [[`${path}{}`, schema.additionalProperties] as const]),
  ];
  return children.flatMap(([childPath, child]) => [[childPath, child] as const, ...walk(child, childPath)]);
}

const fields = definitions.flatMap((definition) =>
  walk(schemaOf(definition), definition.spec.names.kind).map(([path, schema]) => ({ path, schema })),
);

describe('the definitions in deploy/crds', () => {
  it.each(allKinds.map((kind) => [kind.kind, kind] as const))('serve %s as kinds.ts says', (name, kind) => {
    const { metadata, spec } = definitionOf(name);
    expect(metadata.name).toBe(`${kind.plural}.${kind.group}`);
    expect(spec).toMatchObject({
      group: kind.group,
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      names: { plural: kind.plural, singular: name.toLowerCase() },
      versions: [{ name: kind.version }],
    });
  });

  it('are as many as there are kinds', () => {
    expect(definitions).toHaveLength(allKinds.length);
  });

  it('describe every field', () => {
    // apiextensions forbids a description of metadata.
    const silent = fields.filter(
      ({ path, schema }) => !path.endsWith('.metadata') && (schema.description ?? '').trim() === '',
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('say of every list how it is merged', () => {
    const silent = fields.filter(
      ({ schema }) => schema.type === 'array' && schema['x-kubernetes-list-type'] === undefined,
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('keep unknown fields only where anybody may put anything', () => {
    const open = fields
      .filter(({ schema }) => schema['x-kubernetes-preserve-unknown-fields'] === true)
      .map(({ path }) => path.replace(/^.*\./, ''));
    expect([...new Set(open)].sort()).toEqual([
      'defaultProvisionParameters',
      'externalMetadata',
      'instanceCreateParameterSchema',
      'instanceUpdateParameterSchema',
      'parameters',
      'serviceBindingCreateParameterSchema',
      // Items of PodPreset: whatever volumes a Pod may have.
      'volumes[]',
    ]);
  });

  it('ask for a spec, or its rules could be bypassed by leaving it out', () => {
    expect(definitions.filter((definition) => !schemaOf(definition).required?.includes('spec'))).toEqual([]);
  });

  it('keep the order of conditions, which means something', () => {
    const conditions = fields.filter(({ path }) => path.endsWith('.status.conditions'));
    expect(conditions).toHaveLength(allKinds.length);
    expect(new Set(conditions.map(({ schema }) => JSON.stringify(schema))).size).toBe(1);
    expect(conditions[0]?.schema['x-kubernetes-list-type']).toBe('atomic');
  });

  it.each(catalog.map((definition) => [definition.spec.names.kind, definition] as const))(
    'let nobody take a new %s for a finished one',
    (_kind, definition) => {
      expect(definition.spec.versions[0]?.subresources).toEqual({ status: {} });
      expect(schemaOf(definition).properties?.['status']?.default).toEqual({ observedGeneration: -1 });
    },
  );

  it('have short names of their own', () => {
    const names = definitions.flatMap(({ spec }) => spec.names.shortNames);
    expect(new Set(names).size).toBe(definitions.length);
  });

  it('can be found by the label of the original', () => {
    expect(definitions.map(({ metadata }) => metadata.labels['svcat'])).toEqual(
      definitions.map(() => 'true'),
    );
  });

  it('may use a group below k8s.io', () => {
    expect(definitions.map(({ metadata }) => metadata.annotations['api-approved.kubernetes.io'])).toEqual(
      definitions.map(() => 'unapproved, experimental-only'),
    );
  });

  it('call ServiceBinding a provisioned service', () => {
    expect(definitionOf('ServiceBinding').metadata.labels['servicebinding.io/provisioned-service']).toBe(
      'true',
    );
  });

  it.each([
    ['ClusterServiceBroker', ['svcat', 'all']],
    ['ServiceBroker', ['svcat', 'all']],
    ['ServiceInstance', ['svcat', 'all']],
    ['ServiceBinding', ['svcat', 'all']],
    ['ClusterServiceClass', ['svcat']],
    ['ServiceClass', ['svcat']],
    ['ClusterServicePlan', ['svcat']],
    ['ServicePlan', ['svcat']],
    ['PodPreset', ['svcat']],
  ])('put %s into the categories %j', (kind, categories) => {
    expect(definitionOf(kind).spec.names.categories).toEqual(categories);
  });

  const brokerColumns = ['URL .spec.url', 'Status .status.lastConditionState'];
  const age = 'Age .metadata.creationTimestamp';
  const ready = 'Ready .status.conditions[?(@.type=="Ready")].status';

  it.each([
    ['ClusterServiceBroker', [...brokerColumns, ready, age]],
    ['ServiceBroker', [...brokerColumns, ready, age]],
    [
      'ClusterServiceClass',
      ['External-Name .spec.externalName', 'Broker .spec.clusterServiceBrokerName', age],
    ],
    ['ServiceClass', ['External-Name .spec.externalName', 'Broker .spec.serviceBrokerName', age]],
    [
      'ClusterServicePlan',
      [
        'External-Name .spec.externalName',
        'Broker .spec.clusterServiceBrokerName',
        'Class .spec.clusterServiceClassRef.name',
        age,
      ],
    ],
    [
      'ServicePlan',
      [
        'External-Name .spec.externalName',
        'Broker .spec.serviceBrokerName',
        'Class .spec.serviceClassRef.name',
        age,
      ],
    ],
    [
      'ServiceInstance',
      [
        'Class .status.userSpecifiedClassName',
        'Plan .status.userSpecifiedPlanName',
        'Status .status.lastConditionState',
        ready,
        age,
      ],
    ],
    [
      'ServiceBinding',
      [
        'Service-Instance .spec.instanceRef.name',
        'Secret-Name .spec.secretName',
        'Status .status.lastConditionState',
        ready,
        age,
      ],
    ],
  ])('show of %s the columns of the original, and Ready before Age', (kind, expected) => {
    const columns = definitionOf(kind).spec.versions[0]?.additionalPrinterColumns ?? [];
    const shown = columns.filter(({ priority }) => (priority ?? 0) === 0);
    expect(shown.map(({ name, jsonPath }) => `${name} ${jsonPath}`)).toEqual(expected);
  });
});

describe('our kinds', () => {
  it('can be handed to the client of the API server', () => {
    const resources: readonly Resource[] = allKinds;
    const paths = resources.map((resource) =>
      resourcePath(resource, resource.namespaced ? { namespace: 'n', name: 'o' } : { name: 'o' }),
    );
    expect(paths).toContain('/apis/servicecatalog.k8s.io/v1beta1/namespaces/n/serviceinstances/o');
    expect(paths).toContain('/apis/servicecatalog.k8s.io/v1beta1/clusterservicebrokers/o');
    expect(paths).toContain('/apis/settings.servicecatalog.k8s.io/v1alpha1/namespaces/n/podpresets/o');
  });
});
