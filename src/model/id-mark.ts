import { idMadeAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';
import { isClusterMark } from './cluster-mark.ts';

/**
 * What the annotation `servicecatalog.k8s.io/id-made` says of `spec.externalID`: `<what>/<cluster mark>`. One of an earlier
 * version, and one of a webhook that did not know its cluster, is `<what>` alone.
 */
export interface IdMark {
  /** The uid of the object that the id was made for, or the time when it was made, or `before`, `given` or `adopted`. */
  readonly what: string;
  /** The cluster that had the id first, as far as is known. */
  readonly cluster?: string;
}

/** It came with its object and was made for one of before. */
export const idOfBefore = 'before';

/** It came with its object and nobody had marked it: a person chose it. */
export const idOfPerson = 'given';

/** It is in use by a person's word (`servicecatalog.k8s.io/adopt`), which was said to that cluster and to no other. */
export const idOfAdopted = 'adopted';

const given: readonly string[] = [idOfBefore, idOfPerson, idOfAdopted];

/** Undefined when there is none. */
export function readIdMark(text: unknown): IdMark | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  const [what = '', cluster] = text.split('/');
  return cluster !== undefined && isClusterMark(cluster) ? { what, cluster } : { what };
}

/** The mark that a webhook has just written says that the id is new: no broker has ever heard of it. */
export function isMarkOfNew(text: unknown): boolean {
  const what = readIdMark(text)?.what;
  return what !== undefined && !given.includes(what);
}

export function writeIdMark({ what, cluster }: IdMark): string {
  return cluster === undefined ? what : `${what}/${cluster}`;
}

export function idMarkOf({ metadata }: KubeObject): IdMark | undefined {
  return readIdMark(metadata.annotations?.[idMadeAnnotation]);
}
