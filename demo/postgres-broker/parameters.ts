import type { DatabaseOptions } from './databases.ts';

/** Trusted extensions: a database owner may have them without being able to leave the database. */
export const extensions = [
  'btree_gin',
  'btree_gist',
  'citext',
  'fuzzystrmatch',
  'hstore',
  'ltree',
  'pg_trgm',
  'pgcrypto',
  'tablefunc',
  'unaccent',
  'uuid-ossp',
] as const;

const connectionLimitMax = 100;

/** JSON Schema of the parameters of an instance, as the catalog shows it. */
export const instanceParametersSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
  properties: {
    connectionLimit: {
      type: 'integer',
      minimum: 1,
      maximum: connectionLimitMax,
      description: 'How many sessions may be open at once. Default: what the plan allows.',
    },
    extensions: {
      type: 'array',
      items: { type: 'string', enum: extensions },
      uniqueItems: true,
      description: 'Extensions to create in the database.',
    },
  },
} as const;

/** JSON Schema of the parameters of a binding: there are none. */
export const bindingParametersSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
} as const;

/** What the request said; what it left out is left out. */
export type InstanceParameters = Partial<DatabaseOptions>;

/** Checks the `parameters` of a provision or update request; a string says what is wrong with them. */
export function parseInstanceParameters(value: unknown): InstanceParameters | string {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return 'parameters must be an object';
  const unknown = Object.keys(value).find((key) => key !== 'connectionLimit' && key !== 'extensions');
  if (unknown !== undefined) {
    return 'parameters may have connectionLimit and extensions, and nothing else';
  }
  const { connectionLimit, extensions: wanted } = value as Readonly<Record<string, unknown>>;
  if (connectionLimit !== undefined && !isConnectionLimit(connectionLimit)) {
    return `parameters.connectionLimit must be an integer from 1 to ${connectionLimitMax}`;
  }
  if (wanted !== undefined && !isExtensionList(wanted)) {
    return `parameters.extensions must be a list of: ${extensions.join(', ')}`;
  }
  return {
    ...(connectionLimit === undefined ? {} : { connectionLimit }),
    ...(wanted === undefined ? {} : { extensions: wanted.toSorted() }),
  };
}

/** True when a binding request's `parameters` are as the schema says: none. */
export function isEmptyParameters(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)
  );
}

function isConnectionLimit(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= connectionLimitMax;
}

function isExtensionList(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    new Set(value).size === value.length &&
    value.every((item) => (extensions as readonly unknown[]).includes(item))
  );
}
