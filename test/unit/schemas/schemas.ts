import { parseExact, type JsonObject } from '../../../src/base/json.ts';
import { evaluate, type EvaluateOptions } from '../../../src/schemas/evaluate.ts';
import { pathText } from '../../../src/schemas/path.ts';
import { readSchema, type Schema } from '../../../src/schemas/read-schema.ts';

export const $schemas = {
  4: 'http://json-schema.org/draft-04/schema#',
  6: 'http://json-schema.org/draft-06/schema#',
  7: 'http://json-schema.org/draft-07/schema#',
  2019: 'https://json-schema.org/draft/2019-09/schema',
  2020: 'https://json-schema.org/draft/2020-12/schema',
} as const;

export function usable(schema: unknown): Schema {
  const read = readSchema(typeof schema === 'string' ? schema : JSON.stringify(schema));
  if (read.kind === 'unusable') throw new Error(read.problem);
  return read.schema;
}

/** What is wrong, one text for each; "passed" and "given-up" for themselves. */
export function verdict(schema: unknown, value: JsonObject | string, options: EvaluateOptions = {}): unknown {
  const object = typeof value === 'string' ? (parseExact(value) as JsonObject) : value;
  const result = evaluate(usable(schema), object, options);
  if (result.kind !== 'unfit') return result.kind;
  return result.misfits.map(({ path, rule }) => `${pathText('p', path)} ${rule}`);
}
