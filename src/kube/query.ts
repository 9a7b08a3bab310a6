/** How a list or a watch is narrowed, and how that is written in a request. */

export interface Selection {
  /** Only this namespace; without it all of them. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** PartialObjectMetadata only: spec, status and data never leave the server. */
  readonly metadataOnly?: boolean | undefined;
}

export interface ListQuery extends Selection {
  /** Page size; the answer's `metadata.continue` leads to the next page. */
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface WatchQuery extends Selection {
  /** Start after this version; without it the server sends the present objects as ADDED first. */
  readonly resourceVersion?: string | undefined;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds?: number | undefined;
}

type QueryValue = string | number | boolean | undefined;

/** `?a=1&b=2`, or nothing. Undefined values are left out; namespace and metadataOnly are told otherwise. */
export function queryText(parameters: Readonly<Record<string, QueryValue>>): string {
  let text = '';
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === '' || name === 'namespace' || name === 'metadataOnly') continue;
    text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`;
  }
  return text;
}

/** What to accept. No plain JSON beside the metadata form: a server without it must refuse, not send it all. */
export function mediaType(
  metadataOnly: boolean | undefined,
  kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList',
): string {
  return metadataOnly ? `application/json;as=${kind};v=v1;g=meta.k8s.io` : 'application/json';
}
