import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { freeFormFields } from '../../../src/api/free-form.ts';
import { isObject } from '../../../src/base/json.ts';
import { Withheld } from '../../../src/control/withheld.ts';
import { largeFields, parseApiJson } from '../../../src/kube/api-json.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { keptBroker, keptBrokered, keptItem, keptPreset } from '../../../src/model/kept-form.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

interface Definition {
  readonly spec: {
    readonly versions: readonly [
      { readonly schema: { readonly openAPIV3Schema: { readonly properties: { readonly spec: Schema } } } },
    ];
  };
}

type Trim = (object: never) => KubeObject;

/** What an API server takes in one request is little more. */
const objectBytes = 1_000_000;
const words = (count: number): string[] => Array.from({ length: count }, (_, at) => `word-${at}`);

/** Every kind that a tenant can write, how a store trims it, and how much may be left of it. */
const kinds: readonly (readonly [plural: string, trim: Trim, maxBytes: number])[] = [
  ['serviceinstances', keptBrokered, 100_000],
  ['servicebindings', keptBrokered, 100_000],
  ['serviceclasses', keptItem, 100_000],
  ['serviceplans', keptItem, 100_000],
  // Of which most are certificates.
  ['servicebrokers', keptBroker, 500_000],
  ['podpresets', keptPreset, 100_000],
];

/** Bounded by something else than the schema of the field: the requester's own groups, and a rule on the sum. */
const boundedElsewhere: ReadonlySet<string> = new Set(['userInfo', 'secretTransforms']);

function specOf(plural: string): Schema {
  const file = join(import.meta.dirname, '../../../deploy/crds', `${plural}.yaml`);
  const definition = load(readFileSync(file, 'utf8')) as Definition;
  return definition.spec.versions[0].schema.openAPIV3Schema.properties.spec;
}

/** A value with as many characters as the schema allows, a megabyte at most. */
function largest(schema: Schema, bytes: number): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'string':
      return 'x'.repeat(Math.min(schema.maxLength ?? bytes, bytes));
    case 'array': {
      const item = largest(schema.items ?? {}, 20);
      const count = Math.floor(bytes / (JSON.stringify(item).length + 1));
      return schema.items?.type === 'string' ? words(Math.min(schema.maxItems ?? count, count)) : [item];
    }
    case 'object':
      return schema.properties === undefined ? { x: words(bytes / 10) } : largestFields(schema, bytes);
    default:
      return schema.type === 'integer' ? 1 : true;
  }
}

function largestFields({ properties = {} }: Schema, bytes: number): Readonly<Record<string, unknown>> {
  const fields = Object.entries(properties);
  return Object.fromEntries(fields.map(([name, field]) => [name, largest(field, bytes / fields.length)]));
}

/** What is in memory of it, roughly. */
function sizeOf(value: unknown): number {
  if (value instanceof Withheld) return 100;
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + 8 + sizeOf(item), 0);
  if (!isObject(value)) return 8;
  return Object.entries(value).reduce((sum, [key, field]) => sum + 8 + key.length + sizeOf(field), 0);
}

/** As a client reads it from the API server, and a store keeps it. */
function kept(trim: Trim, metadata: object, spec: object): KubeObject {
  const text = JSON.stringify({ metadata: { name: 'a', namespace: 'n', uid: 'u', ...metadata }, spec });
  return trim(parseApiJson(text, largeFields(freeFormFields)) as never);
}

const metadata = {
  labels: Object.fromEntries(words(objectBytes / 20).map((word) => [word, 'value'])),
  annotations: Object.fromEntries(words(objectBytes / 20).map((word) => [word, 'value'])),
  ownerReferences: words(objectBytes / 50).map((name) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name,
    uid: name,
  })),
};

describe.each(kinds)('of one of the %s a store keeps little', (plural, trim, maxBytes) => {
  const fields = Object.entries(specOf(plural).properties ?? {}).filter(
    ([name, { type = 'object' }]) =>
      ['string', 'array', 'object'].includes(type) && !boundedElsewhere.has(name),
  );

  it.each(fields.map(([name]) => name))('with a megabyte of %s', (name) => {
    const schema = specOf(plural).properties?.[name] ?? {};
    const spec = { [name]: largest({ type: 'object', ...schema }, objectBytes) };
    expect(sizeOf(kept(trim, {}, spec))).toBeLessThan(maxBytes);
  });

  it.each(Object.entries(metadata))('with a megabyte of %s', (field, value) => {
    expect(sizeOf(kept(trim, { [field]: value }, {}))).toBeLessThan(maxBytes);
  });
});
