import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { errorFields, type Logger } from '../base/logger.ts';

/** Named questions about the process; true means that all is well. */
export type Checks = Readonly<Record<string, () => boolean>>;

export interface AdminServerDeps {
  readonly listen: {
    readonly host: string;
    /** 0 for any free port. */
    readonly port: number;
  };
  /** What has to hold before traffic is sent here. */
  readonly checks: Checks;
  /** What can only be healed by a restart. Keep it short: a failing check here kills the process. @default none */
  readonly livenessChecks?: Checks | undefined;
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
  readonly logger: Logger;
}

/**
 * `/metrics`, `/livez` and `/readyz` over plain HTTP, apart from the webhook's server: probes and scrapes go on while
 * that one drains, and nothing here needs a certificate.
 *
 * The probes answer `ok` with 200, or 503 and one line for each check that fails. With `?verbose` every check is
 * listed, `[+]` or `[-]`, as the API server does it.
 */
export class AdminServer {
  readonly #deps: AdminServerDeps;
  readonly #app: FastifyInstance;

  constructor(deps: AdminServerDeps) {
    this.#deps = deps;
    this.#app = Fastify({ logger: false, forceCloseConnections: true, return503OnClosing: false });
    this.#app.get('/livez', async ({ query }, reply) => this.#probe(deps.livenessChecks ?? {}, query, reply));
    this.#app.get('/readyz', async ({ query }, reply) => this.#probe(deps.checks, query, reply));
    this.#app.get('/metrics', async (_request, reply) => this.#metrics(reply));
    this.#app.setNotFoundHandler((_request, reply) =>
      reply.code(404).type('text/plain').send('there is nothing here: /metrics, /livez, /readyz\n'),
    );
  }

  /** @throws Error with code EADDRINUSE or EACCES when it can not listen */
  async start(): Promise<{ readonly port: number }> {
    const { listen, logger } = this.#deps;
    await this.#app.listen(listen);
    const { address, port } = this.#app.server.address() as AddressInfo;
    logger.info({ address, port }, 'metrics and health are served');
    return { port };
  }

  /** Ends at once: whoever asks now asks again. */
  async stop(): Promise<void> {
    await this.#app.close();
  }

  #probe(checks: Checks, query: unknown, reply: FastifyReply): FastifyReply {
    const results = Object.entries(checks).map(([name, check]) => ({ name, isGood: this.#ask(name, check) }));
    const failed = results.filter(({ isGood }) => !isGood);
    reply.code(failed.length === 0 ? 200 : 503).type('text/plain');
    reply.header('cache-control', 'no-store');
    const isVerbose = typeof query === 'object' && query !== null && 'verbose' in query;
    if (isVerbose) {
      const lines = results.map(({ name, isGood }) => (isGood ? `[+]${name} ok` : `[-]${name} failed`));
      return reply.send(`${[...lines, failed.length === 0 ? 'passed' : 'failed'].join('\n')}\n`);
    }
    if (failed.length === 0) return reply.send('ok');
    return reply.send(failed.map(({ name }) => `${name}\n`).join(''));
  }

  #ask(name: string, check: () => boolean): boolean {
    try {
      return check();
    } catch (error) {
      this.#deps.logger.error({ check: name, ...errorFields(error) }, 'a health check broke');
      return false;
    }
  }

  async #metrics(reply: FastifyReply): Promise<FastifyReply> {
    const { metrics, logger } = this.#deps;
    try {
      const text = await metrics.text();
      return await reply.type(metrics.contentType).send(text);
    } catch (error) {
      logger.error(errorFields(error), 'metrics could not be collected');
      return reply.code(500).type('text/plain').send('metrics could not be collected; see the log\n');
    }
  }
}
