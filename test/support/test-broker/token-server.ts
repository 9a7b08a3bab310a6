import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.ts';

export interface TokenRequest {
  readonly authorization: string;
  readonly form: Readonly<Record<string, string>>;
}

/** An OAuth2 token endpoint for client credentials: hands out `token-1`, `token-2` and so on, or the one it is given. */
export class TokenServer {
  readonly requests: TokenRequest[] = [];
  /** Seconds that a token lives; `undefined` leaves it out. */
  expiresIn: number | undefined = 3600;
  /** Answer instead of a token. */
  answer: { readonly status: number; readonly body: string } | undefined;
  readonly #server: Server;
  readonly #token: string | undefined;
  #port = 0;

  private constructor(token: string | undefined) {
    this.#token = token;
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  static async start(token?: string): Promise<TokenServer> {
    const server = new TokenServer(token);
    server.#port = await listen(server.#server, '127.0.0.1', undefined);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/oauth/token?realm=a`;
  }

  /** The token that the newest request got. */
  get current(): string {
    return this.#token ?? `token-${this.requests.length}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    this.requests.push({ authorization: request.headers.authorization ?? '', form });
    response.writeHead(this.answer?.status ?? 200, { 'content-type': 'application/json' });
    response.end(this.answer?.body ?? this.#tokenAnswer());
  }

  #tokenAnswer(): string {
    const lifetime = this.expiresIn === undefined ? {} : { expires_in: this.expiresIn };
    return JSON.stringify({ access_token: this.current, token_type: 'bearer', ...lifetime });
  }
}
