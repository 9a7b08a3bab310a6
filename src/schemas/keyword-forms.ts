import { isNumber, isObject } from '../base/json.ts';
import type { Draft } from './draft.ts';

/** What a keyword holds, as far as schemas are found in it. */
export type Holding = 'schema' | 'schemas' | 'named-schemas' | 'schema-or-schemas' | 'dependencies' | 'data';

interface KeywordForm {
  readonly holds: Holding;
  /** The drafts that know it. @default all */
  readonly since?: Draft;
  readonly until?: Draft;
  /** Whether its data has the right form, and what that is. */
  readonly isValid?: (data: unknown) => boolean;
  readonly form?: string;
}

const typeNames: readonly unknown[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

const text = data('a text', (value) => typeof value === 'string');
const count = data('a whole number from 0', (value) => Number.isInteger(Number(value)) && Number(value) >= 0);
const number = data('a number', isNumber);
const texts = data('a list of texts', isListOfTexts);
const list = data('a list', Array.isArray);
const flag = data('true or false', (value) => typeof value === 'boolean');
const schema: KeywordForm = { holds: 'schema' };
const schemas: KeywordForm = { holds: 'schemas' };
const named: KeywordForm = { holds: 'named-schemas' };

/** The keywords that are looked at. Any other is an annotation, or unknown, and says nothing about what fits. */
const forms: ReadonlyMap<string, KeywordForm> = new Map<string, KeywordForm>([
  ['$ref', text],
  ['$dynamicRef', { ...text, since: 2020 }],
  ['$recursiveRef', { ...text, since: 2019 }],
  ['definitions', named],
  ['$defs', { ...named, since: 2019 }],
  ['type', data('a type or a list of types', isType)],
  ['enum', list],
  ['const', { holds: 'data', since: 6 }],
  ['allOf', schemas],
  ['anyOf', schemas],
  ['oneOf', schemas],
  ['not', schema],
  ['if', { ...schema, since: 7 }],
  ['then', { ...schema, since: 7 }],
  ['else', { ...schema, since: 7 }],
  ['multipleOf', data('a number above 0', (value) => isNumber(value) && Number(String(raw(value))) > 0)],
  ['minimum', number],
  ['maximum', number],
  ['exclusiveMinimum', data('a number', (value) => isNumber(value) || typeof value === 'boolean')],
  ['exclusiveMaximum', data('a number', (value) => isNumber(value) || typeof value === 'boolean')],
  ['minLength', count],
  ['maxLength', count],
  ['pattern', text],
  ['minItems', count],
  ['maxItems', count],
  ['uniqueItems', flag],
  ['items', { holds: 'schema-or-schemas' }],
  ['additionalItems', { ...schema, until: 2019 }],
  ['prefixItems', { ...schemas, since: 2020 }],
  ['contains', { ...schema, since: 6 }],
  ['minContains', { ...count, since: 2019 }],
  ['maxContains', { ...count, since: 2019 }],
  ['unevaluatedItems', { ...schema, since: 2019 }],
  ['minProperties', count],
  ['maxProperties', count],
  ['required', texts],
  ['properties', named],
  ['patternProperties', named],
  ['additionalProperties', schema],
  ['propertyNames', { ...schema, since: 6 }],
  ['dependencies', { holds: 'dependencies', until: 7 }],
  ['dependentRequired', { ...data('lists of texts', isNamedLists), since: 2019 }],
  ['dependentSchemas', { ...named, since: 2019 }],
  ['unevaluatedProperties', { ...schema, since: 2019 }],
]);

/** Undefined for what this draft does not know. */
export function formOf(keyword: string, draft: Draft): KeywordForm | undefined {
  const form = forms.get(keyword);
  if (form === undefined || draft < (form.since ?? draft) || draft > (form.until ?? draft)) return undefined;
  return form;
}

function data(form: string, isValid: (value: unknown) => boolean): KeywordForm {
  return { holds: 'data', form, isValid };
}

/** The token of a number that is kept as its text. */
function raw(value: unknown): unknown {
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

export function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isNamedLists(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isListOfTexts);
}

function isType(value: unknown): boolean {
  return Array.isArray(value) ? value.every((name) => typeNames.includes(name)) : typeNames.includes(value);
}
