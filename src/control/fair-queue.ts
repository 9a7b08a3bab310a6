/** Keys waiting in line: first come, first served within a namespace, and the namespaces take turns. */
export class FairQueue {
  /** One line per namespace; the Map's order is whose turn it is. */
  readonly #lines = new Map<string, Line>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(key: string): void {
    const namespace = namespaceOf(key);
    const line = this.#lines.get(namespace);
    if (line === undefined) this.#lines.set(namespace, { keys: [key], head: 0 });
    else line.keys.push(key);
    this.#length++;
  }

  shift(): string | undefined {
    for (const [namespace, line] of this.#lines) {
      const key = line.keys[line.head++];
      this.#lines.delete(namespace);
      if (line.head < line.keys.length) this.#lines.set(namespace, compact(line));
      this.#length--;
      return key;
    }
    return undefined;
  }
}

interface Line {
  keys: string[];
  /** Position of the first key that still waits; `Array.shift` would cost the length of the line. */
  head: number;
}

function compact(line: Line): Line {
  if (line.head < 1024 || line.head * 2 < line.keys.length) return line;
  return { keys: line.keys.slice(line.head), head: 0 };
}

function namespaceOf(key: string): string {
  const slash = key.indexOf('/');
  return slash < 0 ? '' : key.slice(0, slash);
}
