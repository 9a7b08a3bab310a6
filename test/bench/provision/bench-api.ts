import { readFile } from 'node:fs/promises';
import { Agent, Pool, request } from 'undici';
import { authorityCertificate } from '../../cluster/cluster-access.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';

const mediaTypes = { merge: 'application/merge-patch+json', json: 'application/json' } as const;

/**
 * The least that speaks to the API server: one pool of connections, JSON in, status checked. What a client can
 * get out of the server at best is measured with it.
 */
export class BenchApi {
  readonly #pool: Pool;
  readonly #watches: Agent;
  readonly #server: string;
  readonly #authorization: string;

  private constructor(server: string, token: string, ca: Buffer, connections: number) {
    this.#pool = new Pool(server, { connect: { ca }, connections, allowH2: false });
    this.#watches = new Agent({ connect: { ca }, bodyTimeout: 0, allowH2: false });
    this.#server = server;
    this.#authorization = `Bearer ${token}`;
  }

  static async open(plane: ControlPlane, connections: number): Promise<BenchApi> {
    const ca = await readFile(authorityCertificate(plane.files.directory));
    return new BenchApi(plane.server, plane.token, ca, connections);
  }

  async create(path: string, object: object): Promise<unknown> {
    return JSON.parse(await this.#call('POST', path, mediaTypes.json, object)) as unknown;
  }

  async mergePatch(path: string, patch: object): Promise<void> {
    await this.#call('PATCH', path, mediaTypes.merge, patch);
  }

  /** Deletes all objects of a collection. */
  async deleteAll(path: string): Promise<void> {
    await this.#call('DELETE', path, mediaTypes.json, {});
  }

  async delete(path: string): Promise<void> {
    await this.#call('DELETE', path, mediaTypes.json, {});
  }

  async get(path: string): Promise<unknown> {
    return JSON.parse(await this.text(path)) as unknown;
  }

  async text(path: string): Promise<string> {
    return this.#call('GET', path, undefined, undefined);
  }

  /** The lines of a watch, of what changes after `resourceVersion`. It has a connection of its own. */
  async watch(path: string, resourceVersion: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const query = `watch=true&resourceVersion=${resourceVersion}`;
    const { statusCode, body } = await request(`${this.#server}${path}?${query}`, {
      dispatcher: this.#watches,
      headers: { authorization: this.#authorization },
      signal,
    });
    if (statusCode !== 200) throw new Error(`watch ${path}: HTTP ${statusCode} ${await body.text()}`);
    return linesOf(body);
  }

  async close(): Promise<void> {
    await this.#watches.destroy();
    await this.#pool.close();
  }

  async #call(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    contentType: string | undefined,
    body: object | undefined,
  ): Promise<string> {
    const headers = {
      authorization: this.#authorization,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    const answer = await this.#pool.request({
      method,
      path,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headersTimeout: 30_000,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) {
      throw new Error(`${method} ${path}: HTTP ${answer.statusCode} ${text.slice(0, 300)}`);
    }
    return text;
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Runs `task` for all items, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await task(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
