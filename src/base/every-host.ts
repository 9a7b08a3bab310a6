import { networkInterfaces } from 'node:os';

/**
 * The host for all interfaces. `::` takes IPv4 as well and is what a cluster of IPv6 alone needs; where the kernel has
 * IPv6 switched off it can not be listened on.
 */
export function everyHost(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string {
  const addresses = Object.values(interfaces).flatMap((found) => found ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}
