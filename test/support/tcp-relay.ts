import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { listen } from './test-broker/listen.ts';

/** Passes bytes on to a server, until a test cuts or silences the connections through it. */
export class TcpRelay {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  #target: URL;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => {
      const upstream = connect(Number(this.#target.port), this.#target.hostname);
      const pair = [client, upstream] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [upstream, client] as const]) {
        from.on('data', (bytes) => to.write(bytes));
        from.on('error', () => this.#drop(pair));
        from.on('close', () => this.#drop(pair));
      }
    });
  }

  static async start(target: URL): Promise<TcpRelay> {
    const relay = new TcpRelay(target);
    await listen(relay.#server, '127.0.0.1', undefined);
    return relay;
  }

  /** Address of the target by way of this relay. */
  url(target: URL): URL {
    const url = new URL(target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url;
  }

  /** Where connections go from now on; those of now stay where they are. */
  redirect(target: URL): void {
    this.#target = target;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Breaks all connections in the middle of whatever they do. */
  cut(): void {
    for (const [client, upstream] of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  /** The connections of now stay open and carry nothing any more, as when a router forgot them. */
  silence(): void {
    for (const [client, upstream] of this.#pairs) {
      for (const socket of [client, upstream]) socket.removeAllListeners('data').resume();
    }
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #drop(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair);
    pair.forEach((socket) => socket.destroy());
  }
}
