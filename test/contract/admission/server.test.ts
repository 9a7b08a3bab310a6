import { gzipSync } from 'node:zlib';
import { connect } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { unchanged, type Handler } from '../../../src/admission/decision.ts';
import { mutatePod } from '../../../src/admission/mutate-pod.ts';
import { AdmissionServer } from '../../../src/admission/server.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { HttpsConnection } from './https-client.ts';
import { review, ServerWorld, type RunningServer } from './server-world.ts';

let world: ServerWorld;
let server: RunningServer;
let notes = 0;

const mutate: Handler = (request, context) =>
  mutatePod(request, context, {
    bindingSecretName: () => undefined,
    presets: () => [],
    namespaceLabels: () => ({}),
    authorize: async () => true,
    excludedNamespaces: [],
    schedulingGates: false,
    logger: silentLogger,
    note: () => notes++,
    observe: () => undefined,
  });

const handlers: Readonly<Record<string, Handler>> = {
  '/mutate/pods': mutate,
  '/echo': () => unchanged,
  '/broken': () => {
    throw new Error('p4ssw0rd');
  },
  '/slow': async () => {
    await delay(50);
    return unchanged;
  },
};

beforeAll(async () => {
  world = await ServerWorld.create();
  server = await world.start(handlers);
});
afterAll(() => world.closeAll());

async function post(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const connection = await server.connect();
  const answer = await connection.post(path, body, headers);
  connection.close();
  return answer;
}

function responseOf(body: string): Record<string, unknown> {
  return (JSON.parse(body) as { response: Record<string, unknown> }).response;
}

describe('(1) a review', () => {
  it.each(['v1', 'v1beta1'])(
    '(2) of %s is answered in its own version, with its uid and a patch',
    async (version) => {
      const { status, headers, body } = await post(
        '/mutate/pods?timeout=5s',
        review({ uid: 'abc' }, version),
      );
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('application/json');
      expect(JSON.parse(body)).toMatchObject({
        apiVersion: `admission.k8s.io/${version}`,
        kind: 'AdmissionReview',
      });
      const response = responseOf(body);
      expect(response).toMatchObject({ uid: 'abc', allowed: true, patchType: 'JSONPatch' });
      const patch = JSON.parse(Buffer.from(response['patch'] as string, 'base64').toString()) as {
        op: string;
      }[];
      expect(patch.map(({ op }) => op)).toEqual(patch.map(() => 'add'));
      expect(patch).not.toHaveLength(0);
    },
  );

  it('without anything to do has neither patch nor patchType', async () => {
    expect(responseOf((await post('/echo', review())).body)).toEqual({ uid: 'uid-1', allowed: true });
  });

  it('(8) of a dry run has the same patch, and nobody is told', async () => {
    const before = notes;
    const wet = await post('/mutate/pods', review());
    expect(notes).toBe(before + 1);
    const dry = await post('/mutate/pods', review({ dryRun: true }));
    expect(dry.body).toBe(wet.body);
    expect(notes).toBe(before + 1);
  });

  it('is counted by path and outcome', async () => {
    await post('/echo', review());
    expect(server.observations.at(-1)).toMatchObject({ path: '/echo', outcome: 'unchanged' });
  });
});

describe('(3) a body that is no review', () => {
  it.each([
    ['empty', '', 400],
    ['not JSON', '{"apiVersion":', 400],
    ['JSON without request', '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', 400],
    ['of another kind', '{"apiVersion":"v1","kind":"Pod"}', 400],
    ['without uid', review({ uid: '' }), 400],
  ])('%s: %d', async (_title, body, status) => {
    const answer = await post('/mutate/pods', body);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
  });

  it('a review without object is refused in a review', async () => {
    const { status, body } = await post('/mutate/pods', review({ object: null }));
    expect(status).toBe(200);
    expect(responseOf(body)).toMatchObject({ uid: 'uid-1', allowed: false, status: { code: 400 } });
  });

  it.each([
    ['DELETE', { operation: 'DELETE', object: null }],
    ['a subresource', { operation: 'UPDATE', subResource: 'status' }],
  ])('(18) %s is allowed', async (_title, fields) => {
    expect(responseOf((await post('/mutate/pods', review(fields))).body)).toEqual({
      uid: 'uid-1',
      allowed: true,
    });
  });
});

describe('(4) requests that are not for us', () => {
  it.each([
    ['GET', '/mutate/pods', {}, 405],
    ['PUT', '/mutate/pods?timeout=5s', { 'content-type': 'application/json' }, 405],
    ['POST', '/nothing', { 'content-type': 'application/json' }, 404],
    ['GET', '/', {}, 404],
    ['POST', '/mutate/pods', { 'content-type': 'text/plain' }, 415],
    ['POST', '/mutate/pods', { 'content-type': 'application/vnd.kubernetes.protobuf' }, 415],
  ])('%s %s with %j: %d', async (method, path, headers, status) => {
    const connection = await server.connect();
    connection.send(method, path, headers, method === 'GET' ? '' : review());
    const answer = await connection.answer();
    expect(answer.status).toBe(status);
    if (status === 405) expect(answer.headers['allow']).toBe('POST');
    connection.close();
  });

  it.each(['/echo?timeout=5s', '/echo?x=y&timeout=1s', '/echo?'])('%s is for us', async (path) => {
    expect((await post(path, review())).status).toBe(200);
  });

  it.each(['application/json; charset=utf-8', 'application/json;charset=UTF-8'])(
    '%s is JSON',
    async (type) => {
      expect((await post('/echo', review(), { 'content-type': type })).status).toBe(200);
    },
  );
});

describe('(5) sizes', () => {
  const big = (bytes: number): string => {
    const empty = review({ object: { metadata: {}, data: '' } });
    return review({ object: { metadata: {}, data: 'x'.repeat(bytes - empty.length) } });
  };

  it('a Pod of 3 MiB is accepted', async () => {
    expect((await post('/mutate/pods', big(3 * 2 ** 20))).status).toBe(200);
  });

  it('7 MiB is accepted, one byte more is not, and the connection is still good', async () => {
    const connection = await server.connect();
    expect((await connection.post('/echo', big(7 * 2 ** 20))).status).toBe(200);
    expect((await connection.post('/echo', `${big(7 * 2 ** 20)} `)).status).toBe(413);
    expect((await connection.post('/echo', review())).status).toBe(200);
    connection.close();
  });

  it('without a declared length the limit is the same', async () => {
    const connection = await server.connect();
    connection.socket.write(
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    const chunk = Buffer.alloc(2 ** 20, 0x20);
    for (let count = 0; count < 8; count++) {
      connection.socket.write(`${chunk.length.toString(16)}\r\n`);
      connection.socket.write(chunk);
      connection.socket.write('\r\n');
    }
    expect((await connection.answer()).status).toBe(413);
    connection.close();
  });

  it('a body that never comes is given up, and the rest of the server does not notice', async () => {
    const impatient = await world.start(handlers, { bodyTimeoutMs: 100 });
    const slow = await impatient.connect();
    slow.socket.write(
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    const drip = setInterval(() => slow.socket.write(' '), 20);
    const other = await impatient.connect();
    expect((await other.post('/echo', review())).status).toBe(200);
    expect((await slow.answer()).status).toBe(408);
    clearInterval(drip);
  });

  it('a body cut off in the middle harms nobody', async () => {
    const cut = await server.connect();
    cut.socket.write(
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    cut.close();
    expect((await post('/echo', review())).status).toBe(200);
  });
});

describe('(6) encodings', () => {
  it.each([
    ['gzip', 415],
    ['deflate', 415],
    ['identity', 200],
  ])('%s: %d', async (encoding, status) => {
    const body = encoding === 'gzip' ? gzipSync(review()) : review();
    expect((await post('/echo', body, { 'content-encoding': encoding })).status).toBe(status);
  });

  it('chunked is read as it comes', async () => {
    const connection = await server.connect();
    connection.socket.write(
      'POST /mutate/pods HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    for (const part of review().match(/.{1,50}/gs) ?? []) {
      connection.socket.write(`${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
    }
    connection.socket.write('0\r\n\r\n');
    expect(responseOf((await connection.answer()).body)).toMatchObject({
      allowed: true,
      patchType: 'JSONPatch',
    });
    connection.close();
  });
});

describe('(7) many requests', () => {
  it('500 at once over 25 connections are all answered, each with its own uid', async () => {
    const connections = await Promise.all(Array.from({ length: 25 }, () => server.connect()));
    const answers = connections.flatMap((connection, index) =>
      Array.from({ length: 20 }, async (_, turn) => {
        const uid = `u-${index}-${turn}`;
        connection.send(
          'POST',
          turn % 2 === 0 ? '/slow' : '/mutate/pods',
          { 'content-type': 'application/json' },
          review({ uid }),
        );
        return uid;
      }),
    );
    const uids = await Promise.all(answers);
    const received: unknown[] = [];
    for (const connection of connections) {
      for (let turn = 0; turn < 20; turn++)
        received.push(responseOf((await connection.answer()).body)['uid']);
      connection.close();
    }
    expect(received).toEqual(uids);
  });

  it('idle connections are kept longer than the API server keeps them', async () => {
    expect((await post('/echo', review())).headers['keep-alive']).toBe('timeout=120');
  });

  it('a connection that was opened and not used is still good when the time for a body is long over', async () => {
    const impatient = await world.start(handlers, { bodyTimeoutMs: 300 });
    const unused = await impatient.connect();
    const used = await impatient.connect();
    expect((await used.post('/echo', review())).status).toBe(200);
    await delay(900);
    expect((await unused.post('/echo', review())).status).toBe(200);
    expect((await used.post('/echo', review())).status).toBe(200);
  });
});

describe('(9) a handler that breaks', () => {
  it('is an answer with code 500, the uid kept; the process goes on', async () => {
    const { status, body } = await post('/broken', review({ uid: 'keep-me' }));
    expect(status).toBe(200);
    expect(responseOf(body)).toMatchObject({ uid: 'keep-me', allowed: false, status: { code: 500 } });
    expect(body).toContain('keep-me');
    expect(body).not.toContain('p4ssw0rd');
    expect(server.observations.at(-1)).toMatchObject({ path: '/broken', outcome: 'failed' });
    expect(server.lines.at(-1)).toContain('admission handler failed');
    expect((await post('/echo', review())).status).toBe(200);
  });
});

describe('(71) TLS', () => {
  it('HTTP/2 is not offered', async () => {
    const connection = await HttpsConnection.open(server.port, {
      ca: world.authority.ca,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    expect(connection.socket.alpnProtocol).toBe('http/1.1');
    connection.close();
  });

  it('TLS 1.2 is spoken, 1.1 is not', async () => {
    const ca = world.authority.ca;
    const old = await HttpsConnection.open(server.port, { ca, maxVersion: 'TLSv1.2' });
    expect(old.socket.getProtocol()).toBe('TLSv1.2');
    old.close();
    const older = {
      ca,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    await expect(HttpsConnection.open(server.port, older)).rejects.toThrow(/version|protocol|alert/i);
  });

  it('a client without SNI is served', async () => {
    const socket = connect({ port: server.port, host: '127.0.0.1', ca: world.authority.ca });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });
});

it('a port that is taken is an error at the start', async () => {
  const second = new AdmissionServer({
    host: '127.0.0.1',
    port: server.port,
    handlers: new Map(),
    certificate: world.certificate,
    logger: silentLogger,
  });
  await expect(second.start(new AbortController().signal)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await expect(second.listening).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
