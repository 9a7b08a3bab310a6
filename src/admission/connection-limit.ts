import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/**
 * How many connections there are at once. Beyond the limit the one goes that has been idle for longest, so that
 * connections which somebody opens and does not use can not keep out the API server. When none is idle the new one goes.
 */
export class ConnectionLimit {
  readonly #max: number;
  /** By the address of the other end, which the connection beneath TLS and the one above it have in common. */
  readonly #open = new Map<string, Socket>();
  /** The one that is idle for longest first. */
  readonly #idle = new Map<string, Socket>();

  constructor(max: number) {
    this.#max = max;
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#add(socket));
  }

  /** A connection is at work until the answer to its request is written. */
  work(secure: Socket, response: ServerResponse): void {
    const peer = peerOf(secure);
    this.#idle.delete(peer);
    response.once('close', () => {
      const socket = this.#open.get(peer);
      if (socket !== undefined) this.#idle.set(peer, socket);
    });
  }

  #add(socket: Socket): void {
    const peer = peerOf(socket);
    this.#open.set(peer, socket);
    this.#idle.set(peer, socket);
    socket.once('close', () => {
      if (this.#open.get(peer) !== socket) return;
      this.#open.delete(peer);
      this.#idle.delete(peer);
    });
    if (this.#open.size <= this.#max) return;
    for (const idle of this.#idle.values()) {
      idle.destroy();
      return;
    }
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
