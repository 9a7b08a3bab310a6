import { foldedFrom } from './folded-json.ts';
import { parseExact, type JsonObject } from './json.ts';

/**
 * An object as its JSON: for what is large, has to wait, and is only passed on. `JSON.stringify` writes it as the object
 * that it is.
 */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return parseExact(this.text);
  }
}

/** An object as it is, or a large one as text. */
export function compactJson(object: JsonObject): JsonObject | JsonText {
  const text = JSON.stringify(object);
  return text.length < foldedFrom ? object : new JsonText(text);
}
