import { KubeClient } from '../../../src/kube/client.ts';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  isTooManyRequests,
} from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  configMaps,
  leases,
  namespaces,
  secrets,
  subjectAccessReviews,
} from '../../../src/kube/resources.ts';
import { FakeApiServer } from '../../support/fake-api-server/fake-api-server.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

let server: FakeApiServer;
let client: KubeClient;

beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubeClient({ connection: server.connection(), userAgent: 'bindery/1.2.3' });
});

afterEach(async () => {
  await client.close();
  await server.close();
});

const a = { namespace: 'ns', name: 'a' };
const create = (name: string): Promise<ConfigMap> =>
  client.create<ConfigMap>(configMaps, { metadata: { namespace: 'ns', name }, data: { key: 'value' } });

describe('verbs', () => {
  it('creates, reads, replaces, patches and deletes', async () => {
    const created = await create('a');
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { key: 'value' } });
    expect(await client.get(configMaps, a)).toEqual(created);

    const replaced = await client.replace<ConfigMap>(configMaps, { ...created, data: { key: 'second' } });
    expect(replaced.data).toEqual({ key: 'second' });

    const patch = { data: { key: null, other: 'third' } };
    const patched = await client.patch<ConfigMap>(configMaps, a, patch, { type: 'merge' });
    expect(patched.data).toEqual({ other: 'third' });

    await client.delete(configMaps, a);
    await expect(client.get(configMaps, a)).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
  });

  it.each([
    ['get', () => client.get(secrets, a), 'GET', '/api/v1/namespaces/ns/secrets/a', undefined],
    [
      'get of a cluster-scoped kind',
      () => client.get(namespaces, { name: 'ns' }),
      'GET',
      '/api/v1/namespaces/ns',
      undefined,
    ],
    [
      'list in all namespaces',
      () => client.list(leases),
      'GET',
      '/apis/coordination.k8s.io/v1/leases',
      undefined,
    ],
    [
      'list of a page',
      () => client.list(secrets, { namespace: 'ns', labelSelector: 'a=b,c', limit: 5, resourceVersion: '0' }),
      'GET',
      '/api/v1/namespaces/ns/secrets?labelSelector=a%3Db%2Cc&limit=5&resourceVersion=0',
      undefined,
    ],
    [
      'create with options',
      () =>
        client.create(
          secrets,
          { metadata: { generateName: 'x-', namespace: 'ns' } },
          { dryRun: true, fieldManager: 'me' },
        ),
      'POST',
      '/api/v1/namespaces/ns/secrets?dryRun=All&fieldManager=me',
      'application/json',
    ],
    [
      'replace of the status',
      () => client.replace(secrets, { metadata: a }, { subresource: 'status' }),
      'PUT',
      '/api/v1/namespaces/ns/secrets/a/status',
      'application/json',
    ],
    [
      'merge patch of the status',
      () => client.patch(secrets, a, {}, { type: 'merge', subresource: 'status' }),
      'PATCH',
      '/api/v1/namespaces/ns/secrets/a/status',
      'application/merge-patch+json',
    ],
    [
      'JSON patch',
      () => client.patch(secrets, a, [], { type: 'json' }),
      'PATCH',
      '/api/v1/namespaces/ns/secrets/a',
      'application/json-patch+json',
    ],
    [
      'strategic patch',
      () => client.patch(secrets, a, {}, { type: 'strategic' }),
      'PATCH',
      '/api/v1/namespaces/ns/secrets/a',
      'application/strategic-merge-patch+json',
    ],
    [
      'server-side apply',
      () => client.patch(secrets, a, {}, { type: 'apply', force: true }),
      'PATCH',
      '/api/v1/namespaces/ns/secrets/a?fieldManager=bindery&force=true',
      'application/apply-patch+yaml',
    ],
  ])('%s is the request that the API documents', async (_name, call, method, url, contentType) => {
    // What the server makes of it is not the question here.
    await call().catch(() => undefined);
    const [request] = server.requests;
    expect(request).toMatchObject({ method, url });
    expect(request?.headers['content-type']).toBe(contentType);
    expect(request?.headers['user-agent']).toBe('bindery/1.2.3');
  });

  it('signs every write that names no field manager with its own', async () => {
    const signed = new KubeClient({ connection: server.connection(), fieldManager: 'me' });
    const object = { metadata: a };
    await signed.create(configMaps, object);
    await signed.replace(configMaps, object, { subresource: 'status' }).catch(() => undefined);
    await signed.patch(configMaps, a, {}, { type: 'merge' });
    await signed.patch(configMaps, a, {}, { type: 'merge', fieldManager: 'other' });
    await signed.get(configMaps, a);
    await signed.close();
    const managers = server.requests.map(({ url }) =>
      new URL(url, 'http://x').searchParams.get('fieldManager'),
    );
    expect(managers).toEqual(['me', 'me', 'me', 'other', null]);
  });

  it('sends preconditions and propagation with a deletion', async () => {
    const { metadata } = await create('a');
    const other = client.delete(configMaps, a, { uid: 'another-incarnation' });
    await expect(other.catch(isConflict)).resolves.toBe(true);
    const { uid, resourceVersion } = metadata;
    await client.delete(configMaps, a, { uid: uid ?? '', resourceVersion, propagationPolicy: 'Foreground' });
    expect(server.requests.at(-1)?.body).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      preconditions: { uid, resourceVersion },
    });
  });

  it('refuses a namespaced object without namespace before any request', async () => {
    const lost = client.create(configMaps, { metadata: { name: 'a' } });
    await expect(lost).rejects.toThrow('ConfigMap "a" is namespaced: its namespace is missing');
    await expect(client.get(configMaps, { name: 'a' })).rejects.toThrow('its namespace is missing');
    expect(server.requests).toEqual([]);
  });

  it('creates reviews, which have no metadata', async () => {
    const spec = { user: 'u', resourceAttributes: { verb: 'create', resource: 'serviceinstances' } };
    const review = await client.create<{ spec: object; status?: { allowed: boolean } }>(
      subjectAccessReviews,
      { spec },
    );
    expect(review.status).toEqual({ allowed: true });
  });

  it('names every item of a list, though the server does not', async () => {
    await create('a');
    const list = await client.list(configMaps, { namespace: 'ns' });
    expect(list.items).toMatchObject([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: a }]);
    expect(list.metadata.resourceVersion).toMatch(/^\d+$/);
  });

  it('asks for metadata only, and accepts nothing more', async () => {
    await create('a');
    const list = await client.list<ConfigMap>(configMaps, { metadataOnly: true });
    expect(server.requests.at(-1)?.headers.accept).toBe(
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    );
    expect(list.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: a });
    expect(list.items[0]).not.toHaveProperty('data');
  });

  it('keeps numbers exactly in both directions', async () => {
    const text = '{"id":12345678901234567890,"ratio":1.0,"big":1e400,"plain":12}';
    const body = `{"metadata":{"name":"n","namespace":"ns"},"parameters":${text}}`;
    server.plan({ answer: { status: 200, headers: { 'content-type': 'application/json' }, body } });
    const object = await client.get<KubeObject & { parameters: unknown }>(secrets, {
      namespace: 'ns',
      name: 'n',
    });
    expect(JSON.stringify(object.parameters)).toBe(text);
  });

  it('gives JSON or text of any other path', async () => {
    await expect(client.raw('GET', '/version')).resolves.toEqual({ major: '1', minor: '36' });
    await expect(client.raw('GET', '/readyz')).resolves.toBe('ok');
  });

  it('goes below the path of the server address', async () => {
    const connection = server.connection({ server: new URL(`${server.url}/k8s/clusters/c-1/`) });
    const below = new KubeClient({ connection });
    await below.raw('GET', '/version').catch(() => undefined);
    await below.close();
    expect(server.requests[0]?.url).toBe('/k8s/clusters/c-1/version');
  });
});

describe('errors', () => {
  const status = (code: number, reason: string, causes: object[] = []): object => ({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: `told: ${reason}`,
    reason,
    code,
    details: { causes },
  });

  it.each([
    ['isNotFound', isNotFound, status(404, 'NotFound')],
    ['isConflict', isConflict, status(409, 'Conflict')],
    ['isAlreadyExists', isAlreadyExists, status(409, 'AlreadyExists')],
    ['isGone', isGone, status(410, 'Expired')],
    ['isForbidden', isForbidden, status(403, 'Forbidden')],
    ['isInvalid', isInvalid, status(422, 'Invalid')],
    ['isTooManyRequests', isTooManyRequests, status(429, 'TooManyRequests')],
    [
      'isNamespaceTerminating',
      isNamespaceTerminating,
      status(403, 'Forbidden', [{ reason: 'NamespaceTerminating' }]),
    ],
  ])('%s tells its Status from the others', async (_name, is, body) => {
    const { code, reason } = body as { code: number; reason: string };
    server.plan({ answer: { status: code, body } });
    const error: unknown = await create('a').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'KubeApiError', status: code, reason, message: `told: ${reason}` });
    expect(is(error)).toBe(true);
    const kinds = [
      isNotFound,
      isConflict,
      isAlreadyExists,
      isGone,
      isForbidden,
      isInvalid,
      isTooManyRequests,
    ];
    const expected = is === isNamespaceTerminating ? isForbidden : is;
    expect(kinds.filter((kind) => kind(error))).toEqual([expected]);
  });

  it('explains an answer that is no Status', async () => {
    server.plan({ answer: { status: 502, body: 'no healthy upstream' } });
    await expect(create('a')).rejects.toMatchObject({
      status: 502,
      reason: 'Unknown',
      message: 'POST /api/v1/namespaces/ns/configmaps: the API server answered 502: no healthy upstream',
    });
  });

  it('does not take a page of a proxy for an object', async () => {
    server.plan({ answer: { status: 200, body: '<html>please log in</html>' } });
    const error = client.get(configMaps, a);
    await expect(error).rejects.toMatchObject({ name: 'KubeConnectionError', code: 'GARBAGE' });
  });

  it('reports a server that is not there, with its code and without the query', async () => {
    await server.close();
    const error = client.list(configMaps, { labelSelector: 'private=1' });
    await expect(error).rejects.toMatchObject({
      name: 'KubeConnectionError',
      code: 'ECONNREFUSED',
      message: expect.stringMatching(/^GET \/api\/v1\/configmaps: .*ECONNREFUSED/) as string,
    });
  });
});
