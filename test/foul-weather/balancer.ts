import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { listen } from '../support/test-broker/listen.ts';

/** One address for several servers, as a Service has it: each connection goes to one of those that answer. */
export class Balancer {
  readonly #targets: Set<number> = new Set();
  readonly #server: Server;
  #turn = 0;

  private constructor() {
    this.#server = createServer((client) => this.#pass(client, [...this.#targets]));
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    await listen(balancer.#server, '127.0.0.1', undefined);
    return balancer;
  }

  /** `127.0.0.1:<port>`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on connections may go to this port of the loopback interface. */
  add(port: number): void {
    this.#targets.add(port);
  }

  remove(port: number): void {
    this.#targets.delete(port);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pass(client: Socket, candidates: readonly number[]): void {
    const port = candidates[this.#turn++ % candidates.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    let isConnected = false;
    upstream.once('connect', () => {
      isConnected = true;
      client.pipe(upstream).pipe(client);
    });
    // Nothing was read of the client yet: another server can have it.
    upstream.on('error', () => {
      if (isConnected) client.destroy();
      else
        this.#pass(
          client,
          candidates.filter((candidate) => candidate !== port),
        );
    });
    upstream.on('close', () => isConnected && client.destroy());
    client.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
  }
}
