import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { LookupAddress } from 'node:dns';

/** What an operating system is told about names: resolv.conf(5) and hosts(5). */
export interface ResolverFiles {
  /** Lower-case names of /etc/hosts. */
  readonly hosts: ReadonlyMap<string, readonly LookupAddress[]>;
  /** Text of resolv.conf: when it is another one, so may be the name servers. */
  readonly resolvConf: string;
}

/** A file that can not be read counts as empty. @param directory where both are, `/etc` */
export async function readResolverFiles(directory: string): Promise<ResolverFiles> {
  const read = async (name: string): Promise<string> =>
    readFile(join(directory, name), 'utf8').catch(() => '');
  const [hosts, resolvConf] = await Promise.all([read('hosts'), read('resolv.conf')]);
  return { hosts: hostsOf(hosts), resolvConf };
}

/**
 * The full names that a name may mean, in the order in which they are tried. In a Pod `broker.tools` and
 * `broker.tools.svc` are found by the search list alone.
 */
export function fullNames(name: string, resolvConf: string): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const { search, ndots } = searchOf(resolvConf);
  const longer = search.map((domain) => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...longer] : [...longer, name];
}

function hostsOf(text: string): ReadonlyMap<string, readonly LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>();
  for (const [address = '', ...names] of linesOf(text)) {
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      hosts.set(name, [...(hosts.get(name) ?? []), { address, family }]);
    }
  }
  return hosts;
}

/** The last of several `search` and `domain` lines counts. */
function searchOf(text: string): { readonly search: readonly string[]; readonly ndots: number } {
  let search: readonly string[] = [];
  let ndots = 1;
  for (const [keyword, ...values] of linesOf(text)) {
    if (keyword === 'search' || keyword === 'domain') {
      search = values.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== '');
    }
    const option = keyword === 'options' ? values.findLast((value) => /^ndots:\d+$/.test(value)) : undefined;
    if (option !== undefined) ndots = Math.min(15, Number(option.slice('ndots:'.length)));
  }
  return { search, ndots };
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*$/, '')
      .split(/\s+/)
      .filter((word) => word !== ''),
  );
}
