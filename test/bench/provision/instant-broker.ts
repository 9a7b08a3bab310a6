import { createServer } from 'node:http';
import { listenOnLoopback } from '../../../demo/listen-on-loopback.ts';

export const className = 'instant';
export const planName = 'standard';

export interface InstantBroker {
  readonly url: string;
  /** How often each kind of request came. */
  readonly requests: Map<string, number>;
  stop(): Promise<void>;
}

function catalogOf(name: string): string {
  const plan = { id: `${name}-plan`, name: planName, description: 'The only plan', free: true };
  const service = { id: `${name}-service`, name, description: 'Answers at once', bindable: true };
  return JSON.stringify({ services: [{ ...service, plans: [plan] }] });
}

const credentials = JSON.stringify({
  credentials: {
    type: 'postgresql',
    uri: 'postgresql://user:password@db.example.com:5432/orders',
    host: 'db.example.com',
    port: 5432,
    database: 'orders',
    username: 'user',
    password: 'password',
  },
});

/**
 * A broker that takes no time and no authentication: what is left to measure is the catalog and the API server.
 * @param name of its class
 * @param putMs for which it thinks all the same before it answers a PUT
 */
export async function startInstantBroker(name: string = className, putMs = 0): Promise<InstantBroker> {
  const catalog = catalogOf(name);
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    request.resume();
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const isBinding = path.includes('/service_bindings/');
    const subject = path === '/v2/catalog' ? 'catalog' : isBinding ? 'binding' : 'instance';
    const what = `${request.method} ${subject}`;
    requests.set(what, (requests.get(what) ?? 0) + 1);
    const bodies: Readonly<Record<string, string>> = { 'GET catalog': catalog, 'PUT binding': credentials };
    request.once('end', () => {
      const status = request.method === 'PUT' ? 201 : 200;
      const answer = (): unknown =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(bodies[what] ?? '{}');
      if (request.method === 'PUT' && putMs > 0) setTimeout(answer, putMs).unref();
      else answer();
    });
  });
  // A connection that the broker closes while a request is on its way would count as a broker fault.
  server.keepAliveTimeout = 120_000;
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
