/** Editions of JSON Schema by their number or year, so that they can be compared. */
export type Draft = 4 | 6 | 7 | 2019 | 2020;

const drafts: ReadonlyMap<string, Draft> = new Map([
  ['json-schema.org/draft-04/schema', 4],
  ['json-schema.org/draft-06/schema', 6],
  ['json-schema.org/draft-07/schema', 7],
  ['json-schema.org/draft/2019-09/schema', 2019],
  ['json-schema.org/draft/2020-12/schema', 2020],
  ['json-schema.org/schema', 7],
]);

/** OSB wants `$schema` to be there; without it most validators take this one. */
const whenMissing: Draft = 7;

/** Undefined for a draft that is not known. */
export function draftOf($schema: unknown): Draft | undefined {
  if ($schema === undefined) return whenMissing;
  if (typeof $schema !== 'string') return undefined;
  return drafts.get($schema.replace(/^https?:\/\//, '').replace(/#$/, ''));
}
