import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

export interface Target {
  readonly port: number;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  readonly path: string;
  /** What its certificate says. @default 'localhost' */
  readonly serverName?: string;
}

/** An answer as it came off the wire. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const headerEnd = Buffer.from('\r\n\r\n');

/**
 * One keep-alive HTTP/1.1 connection that has at most one request under way. Next to no work beside TLS, so
 * that on a small machine the server stays the bottleneck and not the one who measures it.
 */
export class HttpsConnection {
  readonly #socket: TLSSocket;
  readonly #head: string;
  #received: Buffer[] = [];
  #sizeBytes = 0;
  #waiting: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: TLSSocket, target: Target) {
    this.#socket = socket;
    this.#head =
      `POST ${target.path} HTTP/1.1\r\nHost: localhost:${target.port}\r\nUser-Agent: kube-apiserver-admission\r\n` +
      'Accept: application/json, */*\r\nContent-Type: application/json\r\nContent-Length: ';
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error: Error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open(target: Target): Promise<HttpsConnection> {
    const socket = connect({
      host: '127.0.0.1',
      port: target.port,
      ca: target.ca,
      servername: target.serverName ?? 'localhost',
      ALPNProtocols: ['http/1.1'],
    });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(10_000) });
    return new HttpsConnection(socket, target);
  }

  async post(body: string): Promise<HttpAnswer> {
    if (this.#waiting !== undefined) throw new Error('a request is under way on this connection');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#sizeBytes += chunk.length;
    const data = this.#received.length === 1 ? chunk : Buffer.concat(this.#received, this.#sizeBytes);
    this.#received = [data];
    const headSize = data.indexOf(headerEnd);
    if (headSize < 0) return;
    const head = data.toString('latin1', 0, headSize);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (length === undefined) return this.#fail(new Error('an answer without content-length'));
    const start = headSize + headerEnd.length;
    const end = start + Number(length);
    if (data.length < end) return;
    if (data.length > end) return this.#fail(new Error('more bytes than the answer announced'));
    this.#received = [];
    this.#sizeBytes = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body: data.toString('utf8', start, end) });
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
    this.#socket.destroy();
  }
}
