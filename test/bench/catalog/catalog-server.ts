import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback } from '../../../demo/listen-on-loopback.ts';

export interface CatalogSize {
  readonly services: number;
  readonly plansPerService: number;
}

export interface CatalogServer {
  /** URL of a broker with a catalog of its own: other names, other ids, the same size. */
  url(name: string): string;
  /** How often the catalog of this broker has been asked for. */
  requests(name: string): number;
  stop(): Promise<void>;
}

/** Many brokers in one server, none with an entity tag: an unchanged catalog has to be recognised by its content. */
export async function startCatalogServer(size: CatalogSize): Promise<CatalogServer> {
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    request.resume();
    const name = /^\/([a-z0-9-]+)\/v2\/catalog$/.exec(request.url ?? '')?.[1];
    if (name === undefined) {
      response.writeHead(404).end('{}');
      return;
    }
    requests.set(name, (requests.get(name) ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'application/json' }).end(catalogOf(name, size));
  });
  // A connection that the broker closes while a request is on its way would count as a broker fault.
  server.keepAliveTimeout = 120_000;
  const port = await listenOnLoopback(server);
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    requests: (name) => requests.get(name) ?? 0,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function catalogOf(name: string, { services, plansPerService }: CatalogSize): string {
  return JSON.stringify({
    services: Array.from({ length: services }, (_service, index) => ({
      id: uuidOf(`${name}/${index}`),
      name: `${name}-service-${index}`,
      description: 'A relational database, run by somebody else, with backups and updates',
      bindable: true,
      plan_updateable: true,
      tags: ['relational', 'sql'],
      metadata: { displayName: `Service ${index}`, documentationUrl: 'https://broker.example/docs' },
      plans: Array.from({ length: plansPerService }, (_plan, place) => planOf(name, index, place)),
    })),
  });
}

function planOf(name: string, service: number, place: number): object {
  return {
    id: uuidOf(`${name}/${service}/${place}`),
    name: `plan-${place}`,
    description: `A database of ${place + 1} gigabytes`,
    free: place === 0,
    metadata: {
      bullets: [`${place + 1} GB`, '99.9 %'],
      costs: [{ amount: { usd: place }, unit: 'MONTHLY' }],
    },
    maintenance_info: { version: '1.0.0' },
    schemas: {
      service_instance: {
        create: { parameters: { type: 'object', properties: { size: { type: 'string' } } } },
      },
    },
  };
}

function uuidOf(text: string): string {
  const digits = createHash('sha256').update(text).digest('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}
