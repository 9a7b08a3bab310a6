import { isObject } from '../base/json.ts';
import { textOf } from './additions.ts';

/** A piece of a template: text, or the way to a value. */
type Piece = { readonly text: string } | { readonly path: readonly (string | number)[] };

export type ParsedTemplate =
  | { readonly kind: 'template'; readonly pieces: readonly Piece[] }
  /** In words that do not repeat the template. */
  | { readonly kind: 'illegal'; readonly message: string };

/** `.name`, `.na\.me`, `['name']`, `["name"]`, `[0]`, `[-1]`. */
const step = /^(?:\.((?:[^.[\]{}\\\s'"*?@()]|\\.)+)|\['([^']+)'\]|\["([^"]+)"\]|\[(-?\d{1,9})\])/;

/**
 * Reads a template such as `{.host}:{.ports[0]}`: text with paths in braces. Of JSONPath it knows names and indexes; what
 * could find several values (`*`, `..`, filters, ranges) is refused.
 */
export function parseTemplate(template: string): ParsedTemplate {
  const pieces: Piece[] = [];
  let rest = template;
  while (rest !== '') {
    const open = rest.indexOf('{');
    const text = open < 0 ? rest : rest.slice(0, open);
    if (text !== '') pieces.push({ text });
    if (open < 0) break;
    const close = rest.indexOf('}', open);
    if (close < 0) return illegal('has a { without a }');
    const path = parsePath(rest.slice(open + 1, close).trim());
    if (path === undefined) return illegal("has a path that is not made of .name, ['name'] and [0] only");
    pieces.push({ path });
    rest = rest.slice(close + 1);
  }
  return pieces.some((piece) => 'path' in piece)
    ? { kind: 'template', pieces }
    : illegal('has no path in braces, such as {.host}');
}

function parsePath(text: string): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  let rest = text.startsWith('$') ? text.slice(1) : text;
  if (rest === '' || rest === '.') return text === '' ? undefined : steps;
  while (rest !== '') {
    const match = step.exec(rest);
    if (match === null) return undefined;
    const [whole, name, single, double, index] = match;
    steps.push(
      index === undefined ? (name?.replace(/\\(.)/g, '$1') ?? single ?? double ?? '') : Number(index),
    );
    rest = rest.slice(whole.length);
  }
  return steps;
}

/** The text that a template makes of a value: texts as they are, anything else as compact JSON. Undefined when a path leads nowhere. */
export function renderTemplate(pieces: readonly Piece[], value: unknown): string | undefined {
  let rendered = '';
  for (const piece of pieces) {
    if ('text' in piece) rendered += piece.text;
    else {
      const found = valueAt(value, piece.path);
      if (found === undefined) return undefined;
      rendered += textOf(found);
    }
  }
  return rendered;
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof part === 'number') current = Array.isArray(current) ? current.at(part) : undefined;
    else current = isObject(current) && Object.hasOwn(current, part) ? current[part] : undefined;
  }
  return current;
}

function illegal(message: string): ParsedTemplate {
  return { kind: 'illegal', message };
}
