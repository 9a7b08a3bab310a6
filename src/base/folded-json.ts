import { randomUUID } from 'node:crypto';

/** A JSON text in which large values of certain fields have given way to marks. */
export interface FoldedJson {
  readonly text: string;
  /** The texts of those values, by the numbers in their marks. */
  readonly values: readonly string[];
}

/** From here on a value stays text, characters. Parsed, `{}` alone takes twenty times the room. */
export const foldedFrom = 4096;

const mark = randomUUID();
const quote = 0x22;
const backslash = 0x5c;

/** Finds where a field of one of these names has an object or a list. */
export function foldableFields(names: readonly string[]): RegExp {
  return new RegExp(`"(?:${names.join('|')})"\\s*:\\s*[{[]`, 'g');
}

/**
 * Takes large values out of a JSON text before it is parsed. Costs one pass; undefined when there are none, or when the
 * text is no JSON, which the parser will say.
 * @param fields as made by `foldableFields`
 */
export function foldJson(text: string, fields: RegExp): FoldedJson | undefined {
  if (text.length < foldedFrom) return undefined;
  const values: string[] = [];
  let rest = '';
  let copiedTo = 0;
  fields.lastIndex = 0;
  for (let match = fields.exec(text); match !== null; match = fields.exec(text)) {
    // Behind a backslash the quotation mark belongs to a longer name that ends like ours.
    if (text.charCodeAt(match.index - 1) === backslash) continue;
    const start = fields.lastIndex - 1;
    const end = endOfValue(text, start);
    if (end === undefined) return undefined;
    fields.lastIndex = end;
    if (end - start < foldedFrom) continue;
    rest += `${text.slice(copiedTo, start)}"${mark}${values.length}"`;
    values.push(copied(text.slice(start, end)));
    copiedTo = end;
  }
  return values.length === 0 ? undefined : { text: rest + text.slice(copiedTo), values };
}

/** Puts the values back into what the folded text was parsed to. @param put gives `holder` the field `key` */
export function unfoldJson(
  document: unknown,
  { values }: FoldedJson,
  put: (holder: Record<string, unknown>, key: string, text: string) => void,
): void {
  const waiting: unknown[] = [document];
  for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
    if (Array.isArray(holder)) {
      for (const item of holder) if (isParent(item)) waiting.push(item);
    } else if (isParent(holder)) {
      for (const key of Object.keys(holder)) {
        const value = holder[key];
        if (isParent(value)) waiting.push(value);
        else if (typeof value === 'string' && value.startsWith(mark)) {
          put(holder, key, values[Number(value.slice(mark.length))] ?? '');
        }
      }
    }
  }
}

function isParent(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whether a JSON text holds more values than that, roughly: each takes some fifty bytes or more when it is parsed. */
export function hasMoreValues(text: string, max: number): boolean {
  return valuesIn(text, max) > max;
}

/** About how many values a JSON text holds, counted until they are more than `max`. */
export function valuesIn(text: string, max: number): number {
  let count = 0;
  for (let at = 0; at < text.length && count <= max; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      if (at < 0) return count;
    } else if (code === 0x2c || code === 0x7b || code === 0x5b) count++;
  }
  return count;
}

/** Where the object or list that begins at `start` has ended. */
function endOfValue(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      if (at < 0) return undefined;
    } else if (code === 0x7b || code === 0x5b) depth++;
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return at + 1;
  }
  return undefined;
}

/** The closing quotation mark of the string that begins at `start`; -1 without one. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at;
    while (text.charCodeAt(first - 1) === backslash) first--;
    if ((at - first) % 2 === 0) return at;
  }
  return -1;
}

/** V8's slices keep the text alive that they were cut from. */
function copied(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le');
}
