import { BlockList, isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { isTargetAddress, isTargetHost, type BrokerTargets } from './broker-targets.ts';
import type { NameLookup } from './name-lookup.ts';

/**
 * Tenants choose broker URLs, so a URL must not reach what only this process can reach: cloud metadata services,
 * its own machine, its own network segment. The check is made on the addresses that are connected to, after name
 * resolution: a name that resolves differently the second time gains nothing.
 */
export class AddressRefusedError extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const never = new BlockList();
// Unspecified: Linux connects 0.0.0.0 and :: to the own machine.
never.addSubnet('0.0.0.0', 8, 'ipv4');
never.addAddress('::', 'ipv6');
// Link-local, home of most metadata services.
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('fe80::', 10, 'ipv6');
// Multicast, broadcast.
never.addSubnet('224.0.0.0', 4, 'ipv4');
never.addSubnet('ff00::', 8, 'ipv6');
never.addAddress('255.255.255.255', 'ipv4');
// Metadata outside of link-local: EC2, Google, Alibaba, Azure's wire server, Oracle.
never.addAddress('fd00:ec2::254', 'ipv6');
never.addAddress('fd20:ce::254', 'ipv6');
never.addAddress('100.100.100.200', 'ipv4');
never.addAddress('168.63.129.16', 'ipv4');
never.addAddress('192.0.0.192', 'ipv4');

/**
 * Whether no broker may live at this IP address. IPv4 inside of IPv6 (mapped, compatible, translated, NAT64, 6to4)
 * counts.
 */
export function isRefusedAddress(address: string, allowLoopback: boolean): boolean {
  const plain = address.split('%', 1)[0] ?? '';
  const family = isIP(plain);
  if (family === 0) return true;
  if (isListed(plain, family === 6 ? 'ipv6' : 'ipv4', allowLoopback)) return true;
  return family === 6 && embeddedIPv4(plain).some((inner) => isListed(inner, 'ipv4', allowLoopback));
}

/** What may be connected to. */
export interface AddressRules {
  readonly allowLoopback: boolean;
  /** For a broker whose URL a tenant has chosen: where it may live. */
  readonly tenant?: BrokerTargets | undefined;
}

/** Whether nothing may be connected to at an address that a URL holds, or that its name leads to. */
export function isForbidden(host: string, address: string, { allowLoopback, tenant }: AddressRules): boolean {
  if (isRefusedAddress(address, allowLoopback)) return true;
  return tenant !== undefined && !isTargetHost(tenant, host) && !isTargetAddress(tenant, address);
}

/**
 * The failure of a host that must not be connected to. A tenant learns no more of it than of one that is not there, or
 * names and ports of the cluster could be tried out one by one.
 */
export function refusalOf(host: string, { tenant }: AddressRules): Error {
  if (tenant === undefined) return new AddressRefusedError(refusal(host));
  return Object.assign(new Error('not reachable'), { code: 'EHOSTUNREACH' });
}

/** For `net.connect`: resolves a name and leaves out the refused addresses; fails when nothing remains. */
export function guardedLookup(rules: AddressRules, names: Pick<NameLookup, 'find'>): LookupFunction {
  const find = callbackify((hostname: string) => names.find(hostname));
  return (hostname, options, callback) => {
    find(hostname, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const allowed = addresses.filter(({ address }) => !isForbidden(hostname, address, rules));
      const [first] = allowed;
      if (first === undefined) return callback(refusalOf(hostname, rules), '');
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

function refusal(hostname: string): string {
  return `${hostname} is, or resolves only to, an address where no broker may live (loopback, link-local, metadata service, multicast)`;
}

function isListed(address: string, family: 'ipv4' | 'ipv6', allowLoopback: boolean): boolean {
  return never.check(address, family) || (!allowLoopback && loopback.check(address, family));
}

const mappedIPv4: readonly number[] = [0, 0, 0, 0, 0, 0xffff];

/** The leading groups of address forms whose remaining bits are an IPv4 address. */
const carriersOfIPv4: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0],
  mappedIPv4,
  // Translated (RFC 2765).
  [0, 0, 0, 0, 0xffff, 0],
  [0x64, 0xff9b, 0, 0, 0, 0],
  [0x2002],
];

/** An IPv4 address that is written as an IPv6 one, `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2), as what it is; any other as it was. */
export function unmapped(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const groups = ipv6Groups(address);
  if (!mappedIPv4.every((group, index) => groups[index] === group)) return address;
  const [high = 0, low = 0] = groups.slice(mappedIPv4.length);
  return dotted(high, low);
}

/** NAT64 of one's own network (RFC 8215). The rest of the prefix is the operator's choice. */
const localNat64 = [0x64, 0xff9b, 1] as const;

/** The IPv4 addresses that an IPv6 address may stand for. */
function embeddedIPv4(address: string): readonly string[] {
  const groups = ipv6Groups(address);
  if (localNat64.every((group, index) => groups[index] === group)) return behindLocalNat64(groups);
  const carrier = carriersOfIPv4.find((prefix) => prefix.every((group, index) => groups[index] === group));
  if (carrier === undefined) return [];
  const [high = 0, low = 0] = groups.slice(carrier.length);
  // :: and ::1 are addresses of their own kind, not 0.0.0.0 and 0.0.0.1 in disguise.
  return high === 0 && carrier.every((group) => group === 0) ? [] : [dotted(high, low)];
}

/** Where the IPv4 address begins depends on the length of the prefix: 48, 56, 64 or 96 bits (RFC 6052, 2.2). */
function behindLocalNat64(groups: readonly number[]): readonly string[] {
  const bytes = groups.flatMap((group) => [group >> 8, group & 255]);
  // Byte 8 is not used.
  const used = bytes.toSpliced(8, 1);
  const candidates = [6, 7, 8, 11].map((start) => used.slice(start, start + 4).join('.'));
  // A zero is what stands before a longer prefix's address, and leads nowhere behind NAT64.
  return candidates.filter((candidate) => !candidate.startsWith('0.'));
}

/** The eight groups of a valid IPv6 address, with the help of the URL parser's normal form. */
function ipv6Groups(address: string): readonly number[] {
  const normal = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = normal.split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const left = parse(head);
  if (tail === undefined) return left;
  const right = parse(tail);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
