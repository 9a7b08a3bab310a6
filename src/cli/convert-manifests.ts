import { dump, load, Schema, timestampTag, YAML11_SCHEMA } from 'js-yaml';
import { isObject, type JsonObject } from '../base/json.ts';
import { errorMessage } from '../base/logger.ts';
import { printable } from '../base/printable.ts';
import { alphaVersion, convertAlpha } from './alpha-object.ts';

/** One text with manifests, and what it is called. */
export interface Manifests {
  readonly name: string;
  readonly text: string;
}

export interface Converted {
  /** YAML documents. */
  readonly documents: readonly string[];
  /** What was not carried over, for people, each with its place. */
  readonly problems: readonly string[];
  /** What nobody has to do anything about. */
  readonly notes: readonly string[];
}

/** What Kubernetes reads: YAML 1.1, where dates are texts. */
const asKubernetes = new Schema(YAML11_SCHEMA.tags.filter((tag) => tag !== timestampTag));

/**
 * Converts the alpha objects of a text with YAML documents, Lists included. Any other document stays as it is, comments
 * and all.
 */
export function convertManifests({ name, text }: Manifests): Converted {
  const documents: string[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  for (const { body, line } of documentsOf(text)) {
    const place = `${name}:${line}`;
    const tell = {
      problem: (what: string) => void problems.push(`${place}: ${what}`),
      note: (what: string) => void notes.push(`${place}: ${what}`),
    };
    const parsed = parse(body);
    if (parsed.problem !== undefined) {
      tell.problem(`this document is passed on as it is: it can not be read: ${parsed.problem}`);
      documents.push(body);
    } else if (isObject(parsed.value) && hasAlpha(parsed.value)) {
      documents.push(
        ...convertDocument(parsed.value, tell).map((object) => dump(object, { lineWidth: -1, noRefs: true })),
      );
    } else documents.push(body);
  }
  return { documents, problems, notes };
}

interface Tell {
  readonly problem: (what: string) => void;
  readonly note: (what: string) => void;
}

function hasAlpha(object: JsonObject): boolean {
  return object['apiVersion'] === alphaVersion || itemsOf(object).some(hasAlpha);
}

/** Of a List there are as many documents as it has items. */
function convertDocument(object: JsonObject, tell: Tell): readonly JsonObject[] {
  const items = itemsOf(object);
  if (items.length > 0 || String(object['kind']).endsWith('List')) {
    // The items of a list of one kind need not say which.
    const kind = String(object['kind']).replace(/List$/, '');
    const typed = kind === '' ? {} : { apiVersion: object['apiVersion'], kind };
    return items.flatMap((item) => convertDocument({ ...typed, ...item }, tell));
  }
  if (object['apiVersion'] !== alphaVersion) return [object];
  const what = nameOf(object);
  const result = convertAlpha(object);
  switch (result.kind) {
    case 'refused':
      tell.problem(`${what} is left out: ${result.problem}`);
      return [];
    case 'left-out':
      tell.note(`${what} is left out: ${result.why}`);
      return [];
    case 'converted':
      for (const lost of result.lost) tell.problem(`${what} loses ${printable(lost)}`);
      return [result.object];
  }
}

function itemsOf({ kind, items }: JsonObject): readonly JsonObject[] {
  return String(kind).endsWith('List') && Array.isArray(items) ? items.filter(isObject) : [];
}

function nameOf({ kind, metadata }: JsonObject): string {
  const { name, namespace } = isObject(metadata) ? metadata : {};
  const full = [namespace, name].filter((part) => typeof part === 'string').join('/');
  return printable(`${String(kind)} "${full}"`);
}

function parse(body: string): { readonly value?: unknown; readonly problem?: string } {
  try {
    return { value: load(body, { schema: asKubernetes }) };
  } catch (error) {
    const [first = ''] = errorMessage(error).split('\n');
    return { problem: first };
  }
}

/** The documents of a text, and the lines where they begin, from 1. */
function documentsOf(text: string): readonly { readonly body: string; readonly line: number }[] {
  const found: { body: string; line: number }[] = [];
  let current: string[] = [];
  let start = 1;
  const finish = (): void => {
    const body = current.join('\n').trim();
    const blank = current.findIndex((each) => each.trim() !== '');
    if (body !== '') found.push({ body: `${body}\n`, line: start + Math.max(blank, 0) });
  };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^---(\s|$)/.test(line)) {
      finish();
      current = [line.slice(3)];
      start = index + 1;
    } else current.push(line);
  }
  finish();
  return found;
}
