import { isObject, parseExact } from '../base/json.ts';
import type { Wishes } from './wishes.ts';

export interface RecordedId {
  /** Of the workload that it was written on. */
  readonly uid: string;
  /** Mark of the cluster. */
  readonly cluster: string;
  /** At the broker. */
  readonly id: string;
}

/** What is on record of the services of a workload, in its annotation `servicecatalog.k8s.io/ids`: `{"<name>": "<uid>/<cluster>/<id>"}`. */
export interface RecordedIds {
  /** By the name of an instance or a login that it asks for. */
  readonly of: ReadonlyMap<string, RecordedId>;
  /** Whether anything else is there that is not kept. */
  readonly hasMore: boolean;
}

/** Characters of the annotation. A longer one is neither read nor written. */
export const maxRecordLength = 32 * 1024;
const maxIdLength = 256;

/**
 * Anybody may have written it: what can not be read says nothing, and no more is kept than the workload asks for.
 * @returns undefined where nothing is recorded
 */
export function recordedIds(text: string | undefined, { list }: Wishes): RecordedIds | undefined {
  if (text === undefined || list.length === 0) return undefined;
  const of = new Map<string, RecordedId>();
  const entries = new Map(Object.entries(text.length > maxRecordLength ? {} : parsed(text)));
  for (const name of list.flatMap(({ login, request }) => [login.name, request?.name ?? login.name])) {
    const value: unknown = entries.get(name);
    if (typeof value !== 'string' || value.length > maxIdLength + 128) continue;
    const [, uid, cluster, id] = /^([^/]+)\/([^/]+)\/(.+)$/su.exec(value) ?? [];
    if (uid !== undefined && cluster !== undefined && id !== undefined) of.set(name, { uid, cluster, id });
  }
  return { of, hasMore: text.length > maxRecordLength || entries.size !== of.size };
}

function parsed(text: string): object {
  try {
    const value = parseExact(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
