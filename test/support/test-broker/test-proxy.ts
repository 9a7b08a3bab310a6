import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen } from './listen.ts';

/** An HTTP proxy that takes every name for 127.0.0.1, so that tests need no DNS. */
export class TestProxy {
  /** `CONNECT host:port` and `GET http://…`, in order of arrival. */
  readonly requests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  /** Answers CONNECT with this status instead of connecting. */
  refuseWith: number | undefined;
  readonly #server: Server;
  readonly #tunnels = new Set<Socket>();
  #port = 0;

  private constructor() {
    this.#server = createServer((incoming, response) => this.#forward(incoming, response));
    this.#server.on('connect', (incoming: IncomingMessage, socket: Socket) => this.#tunnel(incoming, socket));
  }

  static async start(): Promise<TestProxy> {
    const proxy = new TestProxy();
    proxy.#port = await listen(proxy.#server, '127.0.0.1', undefined);
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#tunnels) socket.destroy();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #note(incoming: IncomingMessage): void {
    this.requests.push(`${incoming.method} ${incoming.url}`);
    this.authorizations.push(incoming.headers['proxy-authorization']);
  }

  #tunnel(incoming: IncomingMessage, socket: Socket): void {
    this.#note(incoming);
    this.#tunnels.add(socket);
    socket.on('error', () => socket.destroy());
    if (this.refuseWith !== undefined) {
      socket.end(`HTTP/1.1 ${this.refuseWith} No\r\n\r\n`);
      return;
    }
    const target = connect({ host: '127.0.0.1', port: Number((incoming.url ?? '').split(':').at(-1)) });
    this.#tunnels.add(target);
    target.on('error', () => socket.destroy());
    target.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    this.#note(incoming);
    const url = new URL(incoming.url ?? '');
    const onward = httpRequest(
      {
        host: '127.0.0.1',
        port: url.port,
        method: incoming.method,
        path: url.pathname + url.search,
        headers: incoming.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  }
}
