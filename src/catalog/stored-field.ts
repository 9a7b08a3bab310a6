import { foldedFrom, hasMoreValues } from '../base/folded-json.ts';
import { JsonText } from '../base/json-text.ts';
import { NestingError, parseExact, type JsonObject } from '../base/json.ts';
import { putLazily } from '../base/lazy-json.ts';
import { storedForm } from './stored-form.ts';

/** Any object of a broker's catalog; text when it is large. */
export type FreeForm = JsonObject | JsonText;

type StoredField =
  /** An object with that field alone: a large one is parsed when it is read, since a catalog has many. */
  { readonly kind: 'stored'; readonly holder: object } | { readonly kind: 'unfit'; readonly problem: string };

/** A free-form value as a field of a spec, as the API server will give it back. */
export function storedField(field: string, value: FreeForm, maxBytes: number): StoredField {
  // A value takes two bytes at least. To parse it would take fifty times that.
  if (value instanceof JsonText && hasMoreValues(value.text, maxBytes / 2)) {
    return unfit(`it has more than ${maxBytes} bytes`);
  }
  let stored: unknown;
  try {
    stored = storedForm(value instanceof JsonText ? value.toJSON() : value);
  } catch (error) {
    return unfit(error instanceof NestingError ? error.message : 'it is not JSON');
  }
  if (stored === undefined) return unfit('holds a number that can not be stored');
  const text = JSON.stringify(stored);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxBytes) return unfit(`${sizeBytes} bytes are more than ${maxBytes}`);
  const holder: Record<string, unknown> = {};
  if (text.length < foldedFrom) holder[field] = stored;
  else putLazily(holder, field, text, parseExact);
  return { kind: 'stored', holder };
}

function unfit(problem: string): StoredField {
  return { kind: 'unfit', problem };
}
