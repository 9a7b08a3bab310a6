import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One TLS connection that speaks HTTP/1.1 by hand, so that a test decides about every byte and every connection. */
export class HttpsConnection {
  readonly socket: TLSSocket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #wake = Promise.withResolvers<void>();

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake.resolve();
    });
    const close = (): void => {
      this.#isClosed = true;
      this.#wake.resolve();
    };
    socket.on('error', close);
    socket.on('close', close);
  }

  static async open(port: number, options: ConnectionOptions = {}): Promise<HttpsConnection> {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return new HttpsConnection(socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends a POST of JSON and waits for the answer. */
  async post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    this.send('POST', path, { 'content-type': 'application/json', ...headers }, body);
    return this.answer();
  }

  send(method: string, path: string, headers: Record<string, string>, body: string | Buffer = ''): void {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const lines = Object.entries({ host: 'localhost', ...length, ...headers }).map(
      ([key, value]) => `${key}: ${value}`,
    );
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    if (body.length > 0) this.socket.write(body);
  }

  /** The next answer; rejects when the connection ends before it is complete. */
  async answer(): Promise<HttpAnswer> {
    for (;;) {
      const answer = this.#take();
      if (answer !== undefined) return answer;
      if (this.#isClosed) throw new Error('the connection was closed without an answer');
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #take(): HttpAnswer | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const bodyEnd = end + 4 + Number(headers['content-length'] ?? 0);
    if (this.#received.length < bodyEnd) return undefined;
    const body = this.#received.toString('utf8', end + 4, bodyEnd);
    this.#received = this.#received.subarray(bodyEnd);
    return { status: Number(first.split(' ')[1]), headers, body };
  }
}
