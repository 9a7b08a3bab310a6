import { isObject, type JsonObject } from '../base/json.ts';
import type { Budget } from './budget.ts';
import { numberOf } from './equal.ts';
import { matches } from './pattern.ts';
import { both, either, type Verdict } from './verdict.ts';
import type { KeywordRule, Visit } from './visit.ts';

/** Rules for objects. Any other value fits them. */
export const objectRules: readonly (readonly [string, KeywordRule])[] = [
  ['required', ofObject(required)],
  ['properties', ofObject(properties)],
  ['patternProperties', ofObject(patternProperties)],
  ['additionalProperties', ofObject(additionalProperties)],
  ['propertyNames', ofObject(propertyNames)],
  ['minProperties', ofObject(minProperties)],
  ['maxProperties', ofObject(maxProperties)],
  ['dependencies', ofObject(dependencies)],
  ['dependentRequired', ofObject(dependencies)],
  ['dependentSchemas', ofObject(dependencies)],
  // They may need to know what other keywords have looked at.
  ['unevaluatedProperties', ofObject(() => 'unknown')],
];

function ofObject(rule: (argument: never, object: JsonObject, visit: Visit) => Verdict): KeywordRule {
  return (argument, visit) => (isObject(visit.value) ? rule(argument, visit.value, visit) : 'fits');
}

function required(names: readonly string[], object: JsonObject, visit: Visit): Verdict {
  const { budget, isPartial, misfit } = visit;
  let verdict: Verdict = 'fits';
  for (const name of budget.items(names)) {
    if (Object.hasOwn(object, budget.read(name))) continue;
    verdict = both(verdict, isPartial ? 'unknown' : misfit('is required', name));
  }
  return verdict;
}

function properties(schemas: JsonObject, object: JsonObject, { budget, inside }: Visit): Verdict {
  let verdict: Verdict = 'fits';
  for (const name of budget.keys(object)) {
    if (Object.hasOwn(schemas, name)) verdict = both(verdict, inside(schemas[name], object[name], name));
  }
  return verdict;
}

function patternProperties(
  schemas: JsonObject,
  object: JsonObject,
  { budget, inside, tries }: Visit,
): Verdict {
  let verdict: Verdict = 'fits';
  for (const [pattern, schema] of budget.entries(schemas)) {
    for (const [name, value] of budget.entries(object)) {
      const isMeant = matches(pattern, name, budget);
      if (isMeant === 'fits') verdict = both(verdict, inside(schema, value, name));
      else if (isMeant === 'unknown') verdict = both(verdict, either('unknown', tries(schema, value)));
    }
  }
  return verdict;
}

function additionalProperties(argument: unknown, object: JsonObject, visit: Visit): Verdict {
  const { schema, budget, inside, tries } = visit;
  const named = isObject(schema['properties']) ? schema['properties'] : {};
  const patterns = isObject(schema['patternProperties']) ? budget.keys(schema['patternProperties']) : [];
  let verdict: Verdict = 'fits';
  for (const [name, value] of budget.entries(object)) {
    if (Object.hasOwn(named, name)) continue;
    const isNamed = matchesOne(patterns, name, budget);
    if (isNamed === 'unfit') verdict = both(verdict, inside(argument, value, name));
    else if (isNamed === 'unknown') verdict = both(verdict, either('unknown', tries(argument, value)));
  }
  return verdict;
}

function matchesOne(patterns: readonly string[], name: string, budget: Budget): Verdict {
  let verdict: Verdict = 'unfit';
  for (const pattern of patterns) {
    verdict = either(verdict, matches(pattern, name, budget));
    if (verdict === 'fits') break;
  }
  return verdict;
}

function propertyNames(argument: unknown, object: JsonObject, { budget, tries, misfit }: Visit): Verdict {
  let verdict: Verdict = 'fits';
  for (const name of budget.keys(object)) {
    const ofName = tries(argument, name);
    verdict = both(verdict, ofName === 'unfit' ? misfit('has a name that is not allowed', name) : ofName);
  }
  return verdict;
}

function minProperties(argument: unknown, object: JsonObject, { budget, isPartial, misfit }: Visit): Verdict {
  const limit = numberOf(argument, budget);
  if (budget.keys(object).length >= limit) return 'fits';
  return isPartial ? 'unknown' : misfit(`must have at least ${limit} entries`);
}

function maxProperties(argument: unknown, object: JsonObject, { budget, misfit }: Visit): Verdict {
  const limit = numberOf(argument, budget);
  return budget.keys(object).length <= limit ? 'fits' : misfit(`must have at most ${limit} entries`);
}

/** What has to hold when a property is there: others as well, or a schema for the whole. */
function dependencies(wanted: JsonObject, object: JsonObject, visit: Visit): Verdict {
  const { budget, also } = visit;
  let verdict: Verdict = 'fits';
  for (const [name, need] of budget.entries(wanted)) {
    if (!Object.hasOwn(object, name)) continue;
    verdict = both(verdict, Array.isArray(need) ? required(need, object, visit) : also(need));
  }
  return verdict;
}
