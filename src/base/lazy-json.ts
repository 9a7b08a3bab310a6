/** Texts of the fields that are parsed when they are read, by the functions that read them. */
const texts = new WeakMap<object, string>();

/**
 * Gives an object a field that holds JSON as text and is parsed anew each time it is read: what is large and seldom
 * looked at takes the room of its text, and nobody has to know. To copy the object by spreading reads the field.
 */
export function putLazily(
  holder: object,
  key: string,
  text: string,
  parse: (text: string) => unknown = JSON.parse,
): void {
  const get = (): unknown => parse(text);
  texts.set(get, text);
  Object.defineProperty(holder, key, { get, enumerable: true, configurable: true });
}

/** A field of an object as JSON: its text where it is kept as such; undefined without the field. */
export function jsonOf(holder: object, key: string): string | undefined {
  return lazyText(holder, key) ?? JSON.stringify((holder as Readonly<Record<string, unknown>>)[key]);
}

/** The text of a field that is parsed when it is read; undefined for any other. */
export function lazyText(holder: object, key: string): string | undefined {
  const get: unknown = Reflect.get(Object.getOwnPropertyDescriptor(holder, key) ?? {}, 'get');
  return typeof get === 'function' ? texts.get(get) : undefined;
}

/** A copy with one field as it is in another object, if it is there. */
export function withField<T extends object>(object: T, key: keyof T, other: Partial<T>): T {
  const field = Object.getOwnPropertyDescriptor(other, key);
  return field === undefined ? object : Object.defineProperty(copyLazily(object, {}), key, field);
}

/** A copy with these changes, in which what is kept as text stays so. */
export function copyLazily<T extends object>(object: T, changes: Partial<T>): T {
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(object)) as T;
  return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(changes));
}
