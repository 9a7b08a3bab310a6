/** Counts what is read of a value and of all that is in it: each item, key and property, each time. */
export class Reads {
  count = 0;
  readonly #observed = new WeakMap<object, object>();

  of(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#observed.get(value);
    if (known !== undefined) return known;
    const observed = new Proxy(value, {
      get: (target, key) => this.#counted(this.of(Reflect.get(target, key))),
      has: (target, key) => this.#counted(Reflect.has(target, key)),
      ownKeys: (target) => this.#counted(Reflect.ownKeys(target)),
      getOwnPropertyDescriptor: (target, key) => this.#counted(Reflect.getOwnPropertyDescriptor(target, key)),
    });
    this.#observed.set(value, observed);
    return observed;
  }

  #counted<T>(result: T): T {
    this.count++;
    return result;
  }
}
