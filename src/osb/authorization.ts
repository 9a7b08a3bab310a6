import { aborted } from '../base/abort.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import { isObject } from '../base/json.ts';
import { Deadline } from './deadline.ts';
import { numberOf, stringField } from './decode.ts';
import type { BrokerAuth } from './options.ts';
import { neverSent, type Fault, type Reply } from './reply.ts';
import type { HttpRequest } from './transport.ts';

type OAuth2 = Extract<BrokerAuth, { kind: 'oauth2' }>;

export interface Authorized {
  readonly kind: 'authorized';
  readonly headers: Readonly<Record<string, string>>;
  /** What must not be seen in any message. */
  readonly secrets: readonly string[];
}

type Send = (request: HttpRequest, signal: AbortSignal) => Promise<Reply>;

interface Token {
  readonly text: string;
  readonly usableUntilMs: number;
}

const tokenTimeoutMs = 30_000;
const maxTokenBytes = 1024 * 1024;
/** When the token endpoint does not say how long its token lives. */
const defaultLifetimeSeconds = 300;

/** The Authorization header of each request to one broker (OSB, Platform to Service Broker Authentication). */
export class Authorization {
  readonly #auth: BrokerAuth | undefined;
  readonly #stopwatch: Stopwatch;
  readonly #send: Send;
  #token: Token | undefined;
  #fetching: Promise<Token | Fault> | undefined;

  constructor(auth: BrokerAuth | undefined, deps: { readonly stopwatch: Stopwatch; readonly send: Send }) {
    this.#auth = auth === undefined ? undefined : withoutFinalNewlines(auth);
    this.#stopwatch = deps.stopwatch;
    this.#send = deps.send;
  }

  async headers(signal: AbortSignal): Promise<Authorized | Fault> {
    const auth = this.#auth;
    if (auth === undefined) return { kind: 'authorized', headers: {}, secrets: [] };
    if (auth.kind === 'basic') {
      const encoded = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      return authorized(`Basic ${encoded}`, [auth.password, encoded]);
    }
    if (auth.kind === 'bearer') return authorized(`Bearer ${auth.token}`, [auth.token]);
    const token = await this.#currentToken(auth, signal);
    return 'kind' in token ? token : authorized(`Bearer ${token.text}`, [token.text, auth.clientSecret]);
  }

  /** The broker answered 401. True when asking again with a fresh token makes sense. */
  refused(used: Authorized): boolean {
    if (this.#auth?.kind !== 'oauth2') return false;
    // Another request may have replaced the token meanwhile.
    if (this.#token !== undefined && used.secrets.includes(this.#token.text)) this.#token = undefined;
    return true;
  }

  async #currentToken(auth: OAuth2, signal: AbortSignal): Promise<Token | Fault> {
    const token = this.#token;
    if (token !== undefined && this.#stopwatch.elapsedMs() < token.usableUntilMs) return token;
    this.#fetching ??= this.#fetch(auth).finally(() => {
      this.#fetching = undefined;
    });
    // One fetch serves all who wait; who gives up stops waiting, not the fetch.
    const gaveUp = aborted(signal).then(() => tokenFailure('it did not answer in time'));
    return Promise.race([this.#fetching, gaveUp]);
  }

  async #fetch(auth: OAuth2): Promise<Token | Fault> {
    if (!URL.canParse(auth.tokenUrl)) return tokenFailure('its token URL is not a URL');
    const url = new URL(auth.tokenUrl);
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (auth.scopes !== undefined && auth.scopes.length > 0) form.set('scope', auth.scopes.join(' '));
    const reply = await this.#exchange({
      origin: url,
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${clientCredentials(auth)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form.toString(),
      maxBodyBytes: maxTokenBytes,
    });
    const token = this.#read(reply);
    if (!('kind' in token)) this.#token = token;
    return token;
  }

  async #exchange(request: HttpRequest): Promise<Reply> {
    const deadline = new Deadline(new AbortController().signal, tokenTimeoutMs);
    try {
      return await this.#send(request, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  #read(reply: Reply): Token | Fault {
    if (reply.kind === 'fault') return tokenFailure(reply.message);
    if (reply.status !== 200) return tokenFailure(`it answered ${reply.status}`);
    const body = reply.body.kind === 'json' && isObject(reply.body.value) ? reply.body.value : {};
    const text = stringField(body, 'access_token');
    if (text === undefined) return tokenFailure('its answer holds no access_token');
    const lifetimeSeconds = numberOf(body['expires_in']) ?? defaultLifetimeSeconds;
    // Shortly before it expires: a tenth of its life, at most a minute.
    const earlySeconds = Math.min(60, lifetimeSeconds / 10);
    return { text, usableUntilMs: this.#stopwatch.elapsedMs() + (lifetimeSeconds - earlySeconds) * 1000 };
  }
}

/**
 * `echo` and editors end a file with a newline, which was not meant: one is dropped, from whatever a Secret holds for a
 * login. Nothing else is, since a password may hold anything.
 */
function withoutFinalNewlines(auth: BrokerAuth): BrokerAuth {
  switch (auth.kind) {
    case 'basic':
      return { ...auth, username: chomp(auth.username), password: chomp(auth.password) };
    case 'bearer':
      return { ...auth, token: chomp(auth.token) };
    case 'oauth2':
      return { ...auth, clientId: chomp(auth.clientId), clientSecret: chomp(auth.clientSecret) };
  }
}

function chomp(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function authorized(header: string, secrets: readonly string[]): Authorized {
  return { kind: 'authorized', headers: { authorization: header }, secrets };
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function clientCredentials(auth: OAuth2): string {
  const encode = (text: string): string => new URLSearchParams({ v: text }).toString().slice(2);
  return Buffer.from(`${encode(auth.clientId)}:${encode(auth.clientSecret)}`).toString('base64');
}

function tokenFailure(problem: string): Fault {
  return neverSent('TokenFailure', `the token endpoint gave no access token: ${problem}`);
}
