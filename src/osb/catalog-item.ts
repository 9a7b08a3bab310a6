import { JsonText } from '../base/json-text.ts';
import { isObject, type JsonObject } from '../base/json.ts';
import { numberOf } from './decode.ts';
import type { CatalogProblem } from './types.ts';

/**
 * Reads the fields of one service or plan and keeps book of what is wrong with it. A missing required field, and a
 * flag that is neither true nor false, make the item unusable: guessing what `"bindable": "false"` means would be
 * wrong half of the time. Any other optional field of a wrong type is only left out.
 */
export class ItemReader {
  readonly path: string;
  readonly #item: JsonObject;
  readonly #name: string | undefined;
  readonly #problems: CatalogProblem[];
  #usable = true;

  constructor(item: JsonObject, path: string, name: string | undefined, problems: CatalogProblem[]) {
    this.#item = item;
    this.path = path;
    this.#name = name;
    this.#problems = problems;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** The item is left out because of this field. */
  refuse(field: string, message: string): void {
    this.#usable = false;
    this.#note(field, message);
  }

  requiredString(field: string): string {
    const value = this.#item[field];
    if (typeof value === 'string' && value !== '') return value;
    this.refuse(field, 'is not a non-empty string');
    return '';
  }

  /** Required, but may be empty: brokers do that, and nothing depends on it. */
  requiredText(field: string): string {
    const value = this.#item[field];
    if (typeof value === 'string') return value;
    this.refuse(field, 'is not a string');
    return '';
  }

  requiredBoolean(field: string): boolean {
    const value = this.boolean(field);
    if (value === undefined && this.#absent(field)) this.refuse(field, 'is missing');
    return value ?? false;
  }

  boolean(field: string): boolean | undefined {
    const value = this.#item[field];
    if (typeof value === 'boolean') return value;
    if (!this.#absent(field)) this.refuse(field, 'is neither true nor false');
    return undefined;
  }

  object(field: string): JsonObject | undefined {
    const value = this.#item[field];
    if (isObject(value) && !(value instanceof JsonText)) return value;
    if (!this.#absent(field)) this.#note(field, 'is not an object and was ignored');
    return undefined;
  }

  /** An object that is only passed on: a large one is text. */
  freeForm(field: string): JsonObject | JsonText | undefined {
    const value = this.#item[field];
    return value instanceof JsonText && value.text.startsWith('{') ? value : this.object(field);
  }

  strings(field: string): readonly string[] {
    const value = this.#item[field];
    if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
    if (!this.#absent(field)) this.#note(field, 'is not an array of strings and was ignored');
    return [];
  }

  positiveInteger(field: string): number | undefined {
    const value = numberOf(this.#item[field]);
    if (value !== undefined && Number.isSafeInteger(value) && value > 0) return value;
    if (!this.#absent(field)) this.#note(field, 'is not a positive integer and was ignored');
    return undefined;
  }

  ignored(field: string, message: string): void {
    this.#note(field, `${message} and was ignored`);
  }

  #absent(field: string): boolean {
    return this.#item[field] === undefined || this.#item[field] === null;
  }

  #note(field: string, message: string): void {
    const name = this.#name === undefined ? {} : { name: this.#name };
    this.#problems.push({ path: `${this.path}.${field}`, ...name, message });
  }
}
