import { encodePatch, encodeReview } from '../../../src/admission/encode-review.ts';
import {
  answerReview,
  timeoutOf,
  type AdmissionObservation,
  type Answer,
} from '../../../src/admission/answer.ts';
import { deny, patched, unchanged, type Decision, type Handler } from '../../../src/admission/decision.ts';
import { decodeReview, type AdmissionRequest } from '../../../src/admission/review.ts';
import { recordingLogger } from './requests.ts';

function review(request: unknown, apiVersion = 'admission.k8s.io/v1'): Record<string, unknown> {
  return { apiVersion, kind: 'AdmissionReview', request };
}

describe('decoding', () => {
  it('reads what handlers look at', () => {
    const decoded = decodeReview(
      review({
        uid: 'u',
        operation: 'UPDATE',
        kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
        resource: { group: 'apps', version: 'v1', resource: 'deployments' },
        subResource: 'status',
        namespace: 'n',
        name: 'x',
        userInfo: { username: 'alice', groups: ['g'] },
        options: { kind: 'UpdateOptions', fieldManager: 'kubectl' },
        object: { a: 1 },
        oldObject: { a: 2 },
        dryRun: true,
      }),
    );
    expect(decoded).toEqual({
      kind: 'review',
      version: 'v1',
      request: {
        uid: 'u',
        operation: 'UPDATE',
        kind: 'Deployment',
        resource: 'deployments',
        subResource: 'status',
        namespace: 'n',
        name: 'x',
        user: { username: 'alice', groups: ['g'] },
        fieldManager: 'kubectl',
        object: { a: 1 },
        oldObject: { a: 2 },
        dryRun: true,
      },
    });
  });

  it('what is absent, null or nonsense is empty', () => {
    const decoded = decodeReview(
      review({ uid: 'u', object: null, oldObject: 'x', kind: 3, userInfo: [], dryRun: 1 }),
    );
    expect(decoded).toMatchObject({
      request: {
        operation: '',
        kind: '',
        resource: '',
        namespace: '',
        user: {},
        object: undefined,
        oldObject: undefined,
        dryRun: false,
      },
    });
  });

  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['another kind', { apiVersion: 'v1', kind: 'Pod' }],
    ['another version', review({ uid: 'u' }, 'admission.k8s.io/v2')],
    ['no request', review(undefined)],
    ['a request without uid', review({})],
    ['an empty uid', review({ uid: '' })],
    ['a uid that is no text', review({ uid: 7 })],
  ])('%s is malformed', (_title, document) => {
    expect(decodeReview(document)).toMatchObject({ kind: 'malformed', message: expect.any(String) });
  });
});

describe('encoding', () => {
  const encode = (decision: Decision): unknown =>
    JSON.parse(encodeReview('v1', 'u"1', decision, encodePatch(decision)));
  const response = (fields: object): object => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: 'u"1', ...fields },
  });

  it('(1) allowed as it is: no patch and no patchType', () => {
    expect(encode(unchanged)).toEqual(response({ allowed: true }));
    expect(encode({ ...unchanged, patch: [] })).toEqual(response({ allowed: true }));
  });

  it('(1) a patch comes with its type, base64', () => {
    const patch = [{ op: 'add', path: '/metadata/annotations/é', value: 'ü' }] as const;
    const encoded = encode(patched(patch, ['careful']));
    const text = Buffer.from(JSON.stringify(patch)).toString('base64');
    expect(encoded).toEqual(
      response({ allowed: true, patchType: 'JSONPatch', patch: text, warnings: ['careful'] }),
    );
  });

  it('a refusal has code and message, and audit annotations', () => {
    expect(encode({ ...deny(422, 'no'), auditAnnotations: { outcome: 'denied' } })).toEqual(
      response({
        allowed: false,
        status: { status: 'Failure', code: 422, message: 'no' },
        auditAnnotations: { outcome: 'denied' },
      }),
    );
  });

  it('(2) v1beta1 is answered as v1beta1', () => {
    expect(JSON.parse(encodeReview('v1beta1', 'u', unchanged, undefined))).toMatchObject({
      apiVersion: 'admission.k8s.io/v1beta1',
    });
  });
});

describe('answering', () => {
  const seen: AdmissionObservation[] = [];
  const logger = recordingLogger();
  beforeEach(() => {
    seen.length = 0;
  });
  const answer = (handler: Handler, body: string): Answer | Promise<Answer> =>
    answerReview('/x', handler, Buffer.from(body), 1000, {
      logger,
      observe: (observation) => seen.push(observation),
    });
  const good = JSON.stringify(review({ uid: 'u', namespace: 'shop' }));

  it('a handler that knows at once is answered at once', () => {
    const result = answer(() => unchanged, good) as Answer;
    expect(result.status).toBe(200);
    expect(seen).toMatchObject([{ path: '/x', outcome: 'unchanged' }]);
  });

  it('a handler that has to ask is waited for, with the time that is left', async () => {
    let timeoutMs = 0;
    const handler = async (
      _request: AdmissionRequest,
      context: { readonly timeoutMs: number },
    ): Promise<Decision> => {
      timeoutMs = context.timeoutMs;
      return deny(403, 'no');
    };
    const { body } = await answer(handler, good);
    expect(JSON.parse(body)).toMatchObject({ response: { uid: 'u', allowed: false } });
    expect(timeoutMs).toBe(1000);
    expect(seen).toMatchObject([{ outcome: 'denied' }]);
  });

  it.each([
    [
      'throws',
      (): never => {
        throw new Error('p4ssw0rd');
      },
    ],
    [
      'rejects',
      async (): Promise<never> => {
        throw new Error('p4ssw0rd');
      },
    ],
    [
      'throws a text',
      (): never => {
        throw 'p4ssw0rd' as unknown as Error;
      },
    ],
  ])(
    '(9) a handler that %s: refused with 500, uid kept, counted, and nothing of the reason told',
    async (_title, handler) => {
      const { status, body } = await answer(handler, good);
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({
        response: { uid: 'u', allowed: false, status: { code: 500 } },
      });
      expect(body).not.toContain('p4ssw0rd');
      expect(seen).toMatchObject([{ path: '/x', outcome: 'failed' }]);
      expect(logger.lines.at(-1)).toContain('admission handler failed');
    },
  );

  it.each([
    ['empty', ''],
    ['no JSON', '{"a":'],
    ['no review', '{}'],
    ['nested without end', '['.repeat(100_000)],
  ])('(3) a body that is %s: 400', (_title, body) => {
    expect(answer(() => unchanged, body)).toMatchObject({ status: 400 });
    expect(seen).toMatchObject([{ outcome: 'malformed' }]);
  });

  it('(45) keys named like parts of objects are only keys', () => {
    const body =
      '{"__proto__":{"x":1},"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","__proto__":{"dryRun":true}}}';
    let dryRun: boolean | undefined;
    void answer((request) => {
      dryRun = request.dryRun;
      return unchanged;
    }, body);
    expect(dryRun).toBe(false);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

it.each([
  ['/x', 9000],
  ['/x?timeout=5s', 4500],
  ['/x?a=b&timeout=30s', 27_000],
  ['/x?timeout=500ms', 450],
  ['/x?timeout=1m&x=y', 54_000],
  ['/x?timeout=soon', 9000],
  ['/x?notimeout=5s', 9000],
])('the time for %s is %d ms', (url, timeoutMs) => {
  expect(timeoutOf(url)).toBe(timeoutMs);
});
