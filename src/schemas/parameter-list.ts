import { isObject, type JsonObject } from '../base/json.ts';
import { isListOfTexts } from './keyword-forms.ts';
import type { Schema } from './read-schema.ts';

/** What people want to know of one parameter. */
export interface Parameter {
  /** Of one inside of another: `backup.keep`; of the items of a list: `users[]`. */
  readonly name: string;
  /** As JSON Schema calls it, several with `|`; `any` where it says nothing. */
  readonly type: string;
  readonly required: boolean;
  /** Absent without one. */
  readonly default?: unknown;
  /** The values that are allowed, where they are listed. */
  readonly values?: readonly unknown[];
  readonly description: string;
}

export interface ParameterList {
  readonly parameters: readonly Parameter[];
  /** True where others are allowed, too. */
  readonly others: boolean;
  /** There is more to it than a list can say: alternatives, conditions, more than a list holds. */
  readonly isPartial: boolean;
}

const maxLevels = 4;
const maxParameters = 500;
/** References and `allOf` that are followed in a row, and in all. */
const maxFollowed = 8;
const maxParts = 5000;
const unlisted = ['anyOf', 'oneOf', 'not', 'if', 'patternProperties', 'dependencies', 'dependentSchemas'];

/** Lists what a schema says of parameters, in its order. Bounded, whatever the schema. */
export function listParameters(schema: Schema): ParameterList {
  const lister = new Lister(schema);
  const parts = lister.partsOf(schema.root);
  lister.list(parts, '', true, 0);
  const others = parts.every((part) => (part['additionalProperties'] ?? true) !== false);
  return { parameters: lister.parameters, others, isPartial: lister.isPartial };
}

class Lister {
  readonly parameters: Parameter[] = [];
  isPartial = false;
  readonly #schema: Schema;
  #left = maxParts;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** The objects that hold for a value at the same time: what a reference leads to, and all of `allOf`. */
  partsOf(schema: unknown, followed = 0): readonly JsonObject[] {
    if (!isObject(schema)) return [];
    if (followed > maxFollowed || --this.#left < 0) {
      this.isPartial = true;
      return [];
    }
    const { $ref: ref, allOf } = schema;
    const target = typeof ref === 'string' ? [this.#schema.targets.get(ref)] : [];
    const others: readonly unknown[] = [...target, ...(Array.isArray(allOf) ? allOf : [])];
    return [schema, ...others.flatMap((other) => this.partsOf(other, followed + 1))];
  }

  list(parts: readonly JsonObject[], prefix: string, isRequired: boolean, level: number): void {
    if (parts.some((part) => unlisted.some((keyword) => part[keyword] !== undefined))) this.isPartial = true;
    const required = new Set(parts.flatMap(({ required: names }) => (isListOfTexts(names) ? names : [])));
    for (const { properties } of parts) {
      for (const [name, schema] of Object.entries(isObject(properties) ? properties : {})) {
        this.#add(`${prefix}${name}`, this.partsOf(schema), isRequired && required.has(name), level);
      }
    }
  }

  #add(name: string, parts: readonly JsonObject[], required: boolean, level: number): void {
    if (this.parameters.length >= maxParameters) {
      this.isPartial = true;
      return;
    }
    const fallback = first(parts, 'default');
    const values = first(parts, 'enum') ?? (has(parts, 'const') ? [first(parts, 'const')] : undefined);
    const description = first(parts, 'description') ?? first(parts, 'title');
    this.parameters.push({
      name,
      type: typeOf(parts),
      required,
      ...(fallback === undefined ? {} : { default: fallback }),
      ...(Array.isArray(values) ? { values } : {}),
      description: typeof description === 'string' ? description : '',
    });
    if (level + 1 >= maxLevels) {
      if (has(parts, 'properties')) this.isPartial = true;
      return;
    }
    this.list(parts, `${name}.`, required, level + 1);
    const items = first(parts, 'items');
    if (isObject(items)) this.list(this.partsOf(items), `${name}[].`, false, level + 1);
  }
}

function typeOf(parts: readonly JsonObject[]): string {
  const type = first(parts, 'type');
  if (isListOfTexts(type)) return type.join('|');
  if (typeof type === 'string') return type;
  return has(parts, 'properties') ? 'object' : 'any';
}

function has(parts: readonly JsonObject[], keyword: string): boolean {
  return parts.some((part) => Object.hasOwn(part, keyword));
}

function first(parts: readonly JsonObject[], keyword: string): unknown {
  return parts.find((part) => Object.hasOwn(part, keyword))?.[keyword];
}
