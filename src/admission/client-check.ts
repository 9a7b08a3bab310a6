import { constants } from 'node:crypto';
import type { Server } from 'node:https';
import type { TLSSocket, TlsOptions } from 'node:tls';
import type { Logger } from '../base/logger.ts';

/** Which callers are let in: those with a certificate of one of these authorities. */
export interface ClientCheck {
  readonly authorities: {
    /** PEM, one or more certificates. */
    readonly current: string;
    /** Calls the listener when there are others; returns how to stop that. */
    subscribe(listener: () => void): () => void;
  };
  /** Common names of their certificates; empty for any. */
  readonly names: readonly string[];
}

/**
 * What `node:tls` needs to ask for certificates. Nobody else gets beyond the handshake. No tickets: who comes back with one
 * shows no certificate, and the API server uses none.
 */
export function clientOptions(check: ClientCheck | undefined): TlsOptions {
  if (check === undefined) return {};
  return {
    ca: check.authorities.current,
    requestCert: true,
    rejectUnauthorized: true,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** Ends connections of certificates under other names before anything is read from them. */
export function watchClients(server: Server, check: ClientCheck | undefined, logger: Logger): void {
  if (check === undefined) return;
  const refused = (socket: { readonly remoteAddress?: string | undefined }, why: string): void =>
    logger.debug({ from: socket.remoteAddress }, `a caller was not let in: ${why}`);
  server.on('tlsClientError', (error, socket) => refused(socket, error.message));
  if (check.names.length === 0) return;
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const name: unknown = socket.getPeerCertificate().subject?.CN;
    if (typeof name === 'string' && check.names.includes(name)) return;
    refused(socket, `its certificate is that of ${JSON.stringify(name)}`);
    socket.destroy();
  });
}
