import { BlockList, isIP } from 'node:net';

/** Where the brokers may live whose URLs tenants choose. */
export interface BrokerTargets {
  /** Names, and `*.example.com` for all below one. */
  readonly hosts: readonly string[];
  readonly networks: BlockList;
  /** False: nothing was said, so they may live anywhere. */
  readonly isRestricted: boolean;
}

/**
 * Reads host names, `*.` before a name for all below it, and networks in CIDR notation.
 * @throws TypeError for an entry that is none of these
 */
export function brokerTargets(entries: readonly string[]): BrokerTargets {
  const hosts: string[] = [];
  const networks = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    if (family !== 0) {
      const bits = family === 4 ? 32 : 128;
      const length = prefix === undefined ? bits : Number(prefix);
      if (!/^\d{1,3}$/.test(prefix ?? '0') || length > bits) throw illegal(entry);
      networks.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
    } else if (/^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(entry)) {
      hosts.push(entry.toLowerCase());
    } else throw illegal(entry);
  }
  return { hosts, networks, isRestricted: entries.length > 0 };
}

/** True when the name alone allows a host, wherever it leads to. */
export function isTargetHost({ hosts, isRestricted }: BrokerTargets, host: string): boolean {
  if (!isRestricted) return true;
  const name = host.toLowerCase().replace(/\.$/, '');
  return hosts.some((entry) => (entry.startsWith('*.') ? name.endsWith(entry.slice(1)) : name === entry));
}

/** True when an address is in one of the networks. */
export function isTargetAddress({ networks, isRestricted }: BrokerTargets, address: string): boolean {
  if (!isRestricted) return true;
  const family = isIP(address);
  return family !== 0 && networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function illegal(entry: string): TypeError {
  return new TypeError(`"${entry}" is neither a host, nor *.host, nor a network such as 10.0.0.0/8`);
}
