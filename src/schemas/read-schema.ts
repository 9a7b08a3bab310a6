import { isObject, parseExact, type JsonObject } from '../base/json.ts';
import { printable } from '../base/printable.ts';
import { draftOf, type Draft } from './draft.ts';
import { formOf, isListOfTexts, type Holding } from './keyword-forms.ts';

/** A schema that can be evaluated. */
export interface Schema {
  readonly draft: Draft;
  readonly root: unknown;
  /** What each `$ref` in it leads to. */
  readonly targets: ReadonlyMap<string, unknown>;
}

export type ReadSchema =
  | { readonly kind: 'schema'; readonly schema: Schema }
  /** What is wrong, as the end of a sentence: nothing is checked against it. */
  | { readonly kind: 'unusable'; readonly problem: string };

/** OSB, Input Parameters Schema Object. */
const maxSchemaBytes = 64 * 1024;
const maxShownLength = 100;

class UnusableSchema extends Error {}

/**
 * Reads what a broker calls a JSON Schema: drafts 04, 06, 07, 2019-09 and 2020-12. One that is not valid, is too large or
 * refers to another document can not be used. Nothing is ever fetched.
 * @param given the schema, as JSON or parsed
 */
export function readSchema(given: string | JsonObject): ReadSchema {
  if (typeof given === 'string' && Buffer.byteLength(given) > maxSchemaBytes) {
    return unusable(`it has more than ${maxSchemaBytes} bytes`);
  }
  try {
    const root = typeof given === 'string' ? parseExact(given) : given;
    return { kind: 'schema', schema: new Reader(root).read() };
  } catch (error) {
    if (error instanceof UnusableSchema) return unusable(error.message);
    if (error instanceof SyntaxError) return unusable('it is not JSON, or nests too deep');
    throw error;
  }
}

function unusable(problem: string): ReadSchema {
  return { kind: 'unusable', problem };
}

/** Walks through all schemas in a document, those that are referred to included, once each. */
class Reader {
  readonly #root: unknown;
  readonly #draft: Draft;
  readonly #rootId: string;
  readonly #targets = new Map<string, unknown>();
  readonly #anchors = new Map<string, unknown>();
  readonly #seen = new Set<unknown>();
  /** Schemas still to be walked, and where they are. */
  readonly #waiting: [schema: unknown, where: string][] = [];
  #embedsResource = false;

  constructor(root: unknown) {
    this.#root = root;
    const draft = draftOf(isObject(root) ? root['$schema'] : undefined);
    if (draft === undefined) throw new UnusableSchema('its $schema is no draft that is known');
    this.#draft = draft;
    this.#rootId = isObject(root) ? withoutFragment(idOf(root, draft)) : '';
  }

  read(): Schema {
    const refs: string[] = [];
    const walkAll = (): void => {
      for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
        this.#walk(...next, refs);
      }
    };
    this.#waiting.push([this.#root, '#']);
    walkAll();
    // What a reference leads to may hold further ones.
    for (let ref = refs.pop(); ref !== undefined; ref = refs.pop()) {
      if (this.#targets.has(ref)) continue;
      const target = this.#resolve(ref);
      this.#targets.set(ref, target);
      this.#waiting.push([target, ref]);
      walkAll();
    }
    return { draft: this.#draft, root: this.#root, targets: this.#targets };
  }

  #walk(schema: unknown, where: string, refs: string[]): void {
    if (typeof schema === 'boolean' || this.#seen.has(schema)) return;
    if (!isObject(schema)) throw invalid(where, 'is no schema');
    this.#seen.add(schema);
    this.#noteNames(schema);
    for (const [keyword, argument] of Object.entries(schema)) {
      const form = formOf(keyword, this.#draft);
      if (form === undefined) continue;
      const at = `${where}/${keyword}`;
      if (form.isValid?.(argument) === false) throw invalid(at, `must be ${form.form}`);
      this.#expect(form.holds, argument, at);
    }
    const ref = schema['$ref'];
    if (typeof ref === 'string') refs.push(ref);
  }

  #noteNames(schema: JsonObject): void {
    const id = idOf(schema, this.#draft);
    if (id.startsWith('#')) this.#anchors.set(id.slice(1), schema);
    else if (id !== '' && schema !== this.#root) this.#embedsResource = true;
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const anchor = schema[keyword];
      if (typeof anchor === 'string' && this.#draft >= 2019) this.#anchors.set(anchor, schema);
    }
  }

  #expect(holds: Holding, argument: unknown, where: string): void {
    const put = (schema: unknown, key: string): void => void this.#waiting.push([schema, `${where}/${key}`]);
    switch (holds) {
      case 'data':
        return;
      case 'schema':
        return void this.#waiting.push([argument, where]);
      case 'schema-or-schemas':
        return this.#expect(Array.isArray(argument) ? 'schemas' : 'schema', argument, where);
      case 'schemas':
        if (!Array.isArray(argument)) throw invalid(where, 'must be a list of schemas');
        return argument.forEach((schema, index) => put(schema, String(index)));
      case 'named-schemas':
        return namedIn(argument, where).forEach(([name, schema]) => put(schema, name));
      case 'dependencies':
        for (const [name, schema] of namedIn(argument, where)) if (!isListOfTexts(schema)) put(schema, name);
    }
  }

  #resolve(ref: string): unknown {
    const [document = '', fragment = ''] = ref.split('#', 2);
    if (document !== '' && document !== this.#rootId) {
      throw new UnusableSchema(`its $ref ${shown(ref)} leads to another document`);
    }
    // References count from the nearest id then, and nobody needs that for parameters.
    if (this.#embedsResource) throw new UnusableSchema('it has references, and parts with ids of their own');
    const target = fragment === '' ? this.#root : this.#find(decoded(fragment));
    if (target === undefined) throw new UnusableSchema(`its $ref ${shown(ref)} leads nowhere`);
    return target;
  }

  #find(fragment: string): unknown {
    if (!fragment.startsWith('/')) return this.#anchors.get(fragment);
    let target: unknown = this.#root;
    for (const part of fragment.slice(1).split('/')) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const holder = typeof target === 'object' && target !== null ? target : {};
      target = Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined;
    }
    return target;
  }
}

function namedIn(argument: unknown, where: string): readonly (readonly [string, unknown])[] {
  if (!isObject(argument)) throw invalid(where, 'must be an object of schemas');
  return Object.entries(argument);
}

function idOf(schema: JsonObject, draft: Draft): string {
  const id = schema[draft === 4 ? 'id' : '$id'];
  return typeof id === 'string' ? id : '';
}

function withoutFragment(uri: string): string {
  return uri.split('#', 1).join('');
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function invalid(where: string, problem: string): UnusableSchema {
  return new UnusableSchema(`it is not valid: ${shown(where)} ${problem}`);
}

function shown(text: string): string {
  const clean = printable(text);
  return JSON.stringify(clean.length > maxShownLength ? `${clean.slice(0, maxShownLength)}…` : clean);
}
