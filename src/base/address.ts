import { everyHost } from './every-host.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, or `:port` for all interfaces; undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  return match === null || port > 65_535 ? undefined : { host: match[1] ?? (match[2] || everyHost()), port };
}
