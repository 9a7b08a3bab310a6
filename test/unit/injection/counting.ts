/** Counts how often something is read of a document: what grows faster than the document reads it again and again. */
export class ReadCounter {
  reads = 0;
  readonly #proxies = new WeakMap<object, object>();

  /** The same document, counted. The same object inside is the same object again. */
  watch<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#proxies.get(value);
    if (known !== undefined) return known as T;
    const proxy = new Proxy(value, {
      get: (target, key, receiver) => {
        this.reads++;
        return this.watch(Reflect.get(target, key, receiver) as unknown);
      },
      has: (target, key) => {
        this.reads++;
        return Reflect.has(target, key);
      },
      getOwnPropertyDescriptor: (target, key) => {
        this.reads++;
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
      ownKeys: (target) => {
        const keys = Reflect.ownKeys(target);
        this.reads += keys.length;
        return keys;
      },
    });
    this.#proxies.set(value, proxy);
    return proxy;
  }
}
