import type { BenchApi } from './bench-api.ts';

/** Requests that the API server has counted since it started, by `<verb> <resource>[/<subresource>]`. */
export type WriteCounts = ReadonlyMap<string, number>;

const writingVerbs: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE']);
const allVerbs: ReadonlySet<string> = new Set([...writingVerbs, 'GET', 'LIST']);

export async function writeCounts(api: BenchApi): Promise<WriteCounts> {
  return parseWriteCounts(await api.text('/metrics'));
}

/** Likewise of what was read as well. */
export function parseRequestCounts(text: string): WriteCounts {
  return parseWriteCounts(text, allVerbs);
}

/** What came between two counts. */
export function countsBetween(before: WriteCounts, after: WriteCounts): WriteCounts {
  return new Map([...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)]));
}

/** Reads the series `apiserver_request_total` out of the Prometheus text format. */
export function parseWriteCounts(text: string, verbs = writingVerbs): WriteCounts {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const found = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line);
    if (found === null) continue;
    const labels = new Map(
      [...(found[1] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
    );
    const verb = labels.get('verb') ?? '';
    if (!verbs.has(verb)) continue;
    const subresource = labels.get('subresource') ?? '';
    const resource = `${labels.get('resource') ?? ''}${subresource === '' ? '' : `/${subresource}`}`;
    const key = `${verb === 'APPLY' ? 'PATCH' : verb} ${resource}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(found[2]));
  }
  return counts;
}

/** How many writes of one resource came between two counts, whatever their verb, but for those not ours. */
export function writesBetween(
  before: WriteCounts,
  after: WriteCounts,
  resource: string,
  exceptVerb?: string,
): number {
  let sum = 0;
  for (const [key, count] of after) {
    const [verb, of] = key.split(' ');
    if (of === resource && verb !== exceptVerb) sum += count - (before.get(key) ?? 0);
  }
  return sum;
}
