import { gone } from './api-failure.ts';
import type { ObjectStorage } from './object-storage.ts';
import type { RequestTarget } from './request-target.ts';
import { matches, type Selection } from './selection.ts';
import type { StoredObject } from './stored-object.ts';

interface Rest {
  readonly version: number;
  readonly objects: readonly StoredObject[];
}

/** Lists in pages. All pages of a list show the moment of the first one. */
export class ListPages {
  readonly #storage: ObjectStorage;
  readonly #rests = new Map<string, Rest>();
  #tokens = 0;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
  }

  expire(): void {
    this.#rests.clear();
  }

  page(
    target: RequestTarget,
    selection: Selection,
    query: URLSearchParams,
    present: (object: StoredObject) => object,
  ): object {
    const { version, objects } = this.#rest(target, selection, query.get('continue'));
    const limit = Number(query.get('limit') ?? 0) || objects.length;
    const items = objects.slice(0, limit).map((object) => this.#item(target, object, present));
    const resourceVersion = String(version);
    if (objects.length <= limit) return { ...kindOf(target), metadata: { resourceVersion }, items };
    const token = `token-${++this.#tokens}`;
    this.#rests.set(token, { version, objects: objects.slice(limit) });
    return { ...kindOf(target), metadata: { resourceVersion, continue: token }, items };
  }

  #rest(target: RequestTarget, selection: Selection, token: string | null): Rest {
    if (token !== null) {
      const rest = this.#rests.get(token);
      if (rest === undefined) throw gone('the provided continue parameter is too old');
      return rest;
    }
    const objects = this.#storage.list(target.collection).filter((object) => matches(selection, object));
    return { version: this.#storage.version, objects };
  }

  /** Built-in kinds come without apiVersion and kind in lists, as from kube-apiserver. */
  #item(target: RequestTarget, object: StoredObject, present: (object: StoredObject) => object): object {
    const shown = present(object);
    const isBuiltIn = !target.apiVersion.includes('.') || target.apiVersion.includes('coordination');
    if (shown !== object || !isBuiltIn) return shown;
    const { apiVersion: _apiVersion, kind: _kind, ...bare } = object;
    return bare;
  }
}

function kindOf(target: RequestTarget): object {
  return { kind: 'List', apiVersion: target.apiVersion };
}
