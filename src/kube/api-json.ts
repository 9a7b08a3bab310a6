import { foldableFields, foldJson, unfoldJson } from '../base/folded-json.ts';
import { parseExact } from '../base/json.ts';
import { putLazily } from '../base/lazy-json.ts';

/**
 * A number that JavaScript could print differently: 16 digits or more, a fraction, an exponent, and then the end of a value.
 * Times and checksums in strings have no such end; where other strings do, the exact parser runs for nothing, which costs
 * time and changes nothing.
 */
const riskyNumber =
  /[:,[\s]-?[0-9](?:[0-9]{15,}|[0-9]*(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+))[,}\]\s]/;

/** Fields that may be large and are seldom looked at, besides those that a client names. */
const generalFields = ['managedFields'];

/** What `parseApiJson` leaves as text until it is read. @param names of fields, wherever they stand */
export function largeFields(names: readonly string[] = []): RegExp {
  return foldableFields([...generalFields, ...names]);
}

/**
 * Parses what the API server sends. Numbers that `JSON.parse` would change keep their text (instance parameters
 * are the user's own), at a fifth of the speed; all other documents take the fast way. Large values of the fields that
 * may be large are parsed when somebody reads them: see `putLazily`.
 * @param fields as made by `largeFields`; without them everything is parsed
 * @throws SyntaxError when the text is not JSON
 */
export function parseApiJson(text: string, fields?: RegExp): unknown {
  const folded = fields === undefined ? undefined : foldJson(text, fields);
  if (folded === undefined) return parseAll(text);
  const document = parseAll(folded.text);
  unfoldJson(document, folded, (holder, key, value) => putLazily(holder, key, value, parseAll));
  return document;
}

function parseAll(text: string): unknown {
  if (!riskyNumber.test(text)) return JSON.parse(text);
  try {
    return parseExact(text);
  } catch {
    // Nested deeper than the exact parser allows. One odd object must not make a whole kind unreadable.
    return JSON.parse(text);
  }
}
