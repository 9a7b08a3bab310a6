import { everyHost } from '../../../src/base/every-host.ts';
import { silentLogger, type LogFields, type Logger } from '../../../src/base/logger.ts';
import { AdminServer, type AdminServerDeps } from '../../../src/observability/admin-server.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { freePort } from '../../support/free-port.ts';

const running: AdminServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

interface Served {
  readonly server: AdminServer;
  readonly port: number;
}

async function start(deps: Partial<AdminServerDeps>): Promise<Served> {
  const server = new AdminServer({
    listen: { host: '127.0.0.1', port: await freePort() },
    checks: {},
    metrics: createMetrics(),
    logger: silentLogger,
    ...deps,
  });
  running.push(server);
  try {
    return { server, port: (await server.start()).port };
  } catch (error) {
    // Somebody else took the port in the meantime.
    if (deps.listen === undefined && (error as { code?: string }).code === 'EADDRINUSE') return start(deps);
    throw error;
  }
}

async function serve(deps: Partial<AdminServerDeps>): Promise<(path: string) => Promise<Response>> {
  const { port } = await start(deps);
  return (path) => fetch(`http://127.0.0.1:${port}${path}`);
}

it('is reached by IPv4 where it listens on every interface, and by IPv6 where there is any', async () => {
  const { port } = await start({ listen: { host: everyHost(), port: await freePort() } });
  const hosts = everyHost() === '::' ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];
  for (const host of hosts) expect((await fetch(`http://${host}:${port}/livez`)).status).toBe(200);
});

describe('/readyz', () => {
  it('is ok while every check is', async () => {
    const get = await serve({ checks: { caches: () => true, webhook: () => true } });
    const answer = await get('/readyz');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('ok');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it('names the checks that fail, one a line, and asks again every time', async () => {
    let isSynced = false;
    const checks = { running: () => true, caches: () => isSynced, webhook: () => isSynced };
    const get = await serve({ checks });
    const answer = await get('/readyz');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('caches\nwebhook\n');
    isSynced = true;
    expect((await get('/readyz')).status).toBe(200);
  });

  it('lists all checks when asked to be verbose', async () => {
    const get = await serve({ checks: { running: () => true, caches: () => false } });
    const answer = await get('/readyz?verbose');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('[+]running ok\n[-]caches failed\nfailed\n');
    expect(await (await get('/livez?verbose')).text()).toBe('passed\n');
  });

  it('a check that throws has failed, and the answer does not say why', async () => {
    const lines: LogFields[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => lines.push(fields) };
    const broken = (): boolean => {
      throw new Error('hunter2');
    };
    const get = await serve({ checks: { broken }, logger });
    const answer = await get('/readyz?verbose');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('[-]broken failed\nfailed\n');
    expect(lines).toMatchObject([{ check: 'broken', error: 'hunter2' }]);
  });
});

describe('/livez', () => {
  it('does not depend on readiness', async () => {
    const get = await serve({ checks: { caches: () => false } });
    expect((await get('/readyz')).status).toBe(503);
    expect((await get('/livez')).status).toBe(200);
  });

  it('fails by its own checks', async () => {
    const get = await serve({ livenessChecks: { loop: () => false } });
    expect((await get('/livez')).status).toBe(503);
    expect((await get('/readyz')).status).toBe(200);
  });
});

describe('/metrics', () => {
  it('is what the registry holds, in the format of Prometheus', async () => {
    const metrics = createMetrics();
    metrics.observeAdmission({ path: '/mutate/pods', outcome: 'patched', durationMs: 1 });
    const get = await serve({ metrics });
    const answer = await get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    expect(text).toContain(
      'bindery_admission_duration_seconds_count{path="/mutate/pods",outcome="patched"} 1',
    );
    // Every line is a comment, a sample or empty: what a scraper accepts.
    const odd = text.split('\n').filter((line) => !/^(#.*|[a-z0-9_]+(\{.*\})? -?[0-9.e+-]+|)$/.test(line));
    expect(odd).toEqual([]);
  });

  it('that can not be collected do not take the probes with them', async () => {
    const metrics = { contentType: 'text/plain', text: () => Promise.reject(new Error('hunter2')) };
    const get = await serve({ metrics });
    const answer = await get('/metrics');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('hunter2');
    expect((await get('/livez')).status).toBe(200);
  });
});

it('other paths and methods are refused', async () => {
  const get = await serve({});
  expect((await get('/')).status).toBe(404);
  expect((await get('/debug/pprof')).status).toBe(404);
});

it('stops at once although a client keeps its connection', async () => {
  const { server, port } = await start({});
  await (await fetch(`http://127.0.0.1:${port}/livez`)).text();
  await server.stop();
  await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
});

it('a port that is taken is an error of start', async () => {
  const { port } = await start({});
  await expect(start({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
