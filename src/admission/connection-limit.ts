import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

interface Connection {
  readonly socket: Socket;
  /** Requests whose answers are not written yet. */
  working: number;
  /** Which of all rests began when it became idle: the smaller, the longer it is idle. */
  idleSince: number;
  readonly rest: () => void;
}

/**
 * How many connections there are at once. Beyond the limit the one goes that has been idle for longest, so that
 * connections which somebody opens and does not use can not keep out the API server. When none is idle the new one goes.
 */
export class ConnectionLimit {
  readonly #max: number;
  /** By the address of the other end, which the connection beneath TLS and the one above it have in common. */
  readonly #open = new Map<string, Connection>();
  readonly #bySecureSocket = new WeakMap<Socket, Connection>();
  #rests = 0;

  constructor(max: number) {
    this.#max = max;
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#add(socket));
    server.prependListener('secureConnection', (secure: TLSSocket) => {
      const connection = this.#open.get(peerOf(secure));
      if (connection !== undefined) this.#bySecureSocket.set(secure, connection);
    });
  }

  /** A connection is at work until the answer to its request is written. */
  work(secure: Socket, response: ServerResponse): void {
    const connection = this.#bySecureSocket.get(secure);
    if (connection === undefined) return;
    connection.working++;
    response.on('close', connection.rest);
  }

  #add(socket: Socket): void {
    const peer = peerOf(socket);
    const connection: Connection = {
      socket,
      working: 0,
      idleSince: ++this.#rests,
      rest: () => {
        connection.working--;
        connection.idleSince = ++this.#rests;
      },
    };
    this.#open.set(peer, connection);
    socket.once('close', () => {
      if (this.#open.get(peer) === connection) this.#open.delete(peer);
    });
    if (this.#open.size > this.#max) this.#longestIdle()?.socket.destroy();
  }

  /** Looked for only when there are too many: requests come more often than connections. */
  #longestIdle(): Connection | undefined {
    let longest: Connection | undefined;
    for (const connection of this.#open.values()) {
      if (connection.working > 0 || connection.socket.destroyed) continue;
      if (longest === undefined || connection.idleSince < longest.idleSince) longest = connection;
    }
    return longest;
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
