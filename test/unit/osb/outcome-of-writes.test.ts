import type { Outcome } from '../../../src/osb/outcome-types.ts';
import type { Reply } from '../../../src/osb/reply.ts';
import { answer, failureIn, fault, interpret } from './replies.ts';

/**
 * The response tables of OSB 2.17 for the five writes. A cell is `done`, `accepted`, or the reason of a failure with
 * `!` when it is terminal and `+om` when an orphan has to be looked after.
 */
type Row = readonly [
  name: string,
  reply: Reply,
  cells: readonly [provision: string, update: string, deprovision: string, bind: string, unbind: string],
];

const same = (cell: string): Row[2] => [cell, cell, cell, cell, cell];
const error = (word: string): string => JSON.stringify({ error: word, description: 'because' });
const creates = (create: string, other: string): Row[2] => [create, other, other, create, other];
const malformed = 'MalformedResponse';

const rows: readonly Row[] = [
  ['200 good', answer(200), same('done')],
  ['200 empty body', answer(200, ''), [malformed, 'done', 'done', malformed, 'done']],
  ['200 not JSON', answer(200, '<html>'), same(malformed)],
  ['200 JSON but no object', answer(200, '[1]'), same(malformed)],
  ['200 truncated', answer(200, { kind: 'truncated' }), same(malformed)],
  ['200 too large', answer(200, { kind: 'too-large', limitBytes: 1 }), same('BodyTooLarge')],
  ['201 good', answer(201), creates('done', 'UnexpectedStatus')],
  ['201 bad', answer(201, '"x"'), creates(`${malformed}+om`, 'UnexpectedStatus')],
  ['201 truncated', answer(201, { kind: 'truncated' }), creates(`${malformed}+om`, 'UnexpectedStatus')],
  [
    '201 too large',
    answer(201, { kind: 'too-large', limitBytes: 1 }),
    creates('BodyTooLarge+om', 'UnexpectedStatus'),
  ],
  ['202 good', answer(202, '{"operation":"o"}'), same('accepted')],
  ['202 operation null', answer(202, '{"operation":null}'), same('accepted')],
  ['202 bad', answer(202, 'oops'), creates(`${malformed}+om`, malformed)],
  ['202 empty', answer(202, ''), creates(`${malformed}+om`, malformed)],
  ['202 operation of wrong type', answer(202, '{"operation":7}'), creates(`${malformed}+om`, malformed)],
  [
    '202 operation too long',
    answer(202, JSON.stringify({ operation: 'x'.repeat(10_001) })),
    creates(`${malformed}+om`, malformed),
  ],
  ['203', answer(203), creates('UnexpectedStatus+om', 'UnexpectedStatus')],
  ['204', answer(204, ''), creates('UnexpectedStatus+om', 'UnexpectedStatus')],
  ['299', answer(299), creates('UnexpectedStatus+om', 'UnexpectedStatus')],
  ['301', answer(301), same('Redirect')],
  ['302', answer(302), same('Redirect')],
  ['303', answer(303), same('Redirect')],
  ['307', answer(307), same('Redirect')],
  ['308', answer(308), same('Redirect')],
  ['400', answer(400), ['Rejected!', 'Rejected!', 'Rejected', 'Rejected!', 'Rejected']],
  [
    '400 about the version',
    answer(400, JSON.stringify({ description: 'X-Broker-API-Version header missing' })),
    same('UnsupportedVersion'),
  ],
  ['400 of a TLS port', answer(400, 'Client sent an HTTP request to an HTTPS server.\n'), same('TLSFailure')],
  ['401', answer(401), same('Unauthorized')],
  ['403', answer(403), same('Forbidden')],
  ['404', answer(404), same('NotFound')],
  ['408', answer(408), same('RequestTimeout')],
  ['409', answer(409), ['Conflict!', 'Conflict!', 'Conflict', 'Conflict!', 'Conflict']],
  ['410', answer(410), ['Gone!', 'Gone!', 'done', 'Gone!', 'done']],
  ['410 with a bad body', answer(410, '<html>'), ['Gone!', 'Gone!', 'done', 'Gone!', 'done']],
  ['412', answer(412), same('UnsupportedVersion')],
  ['413', answer(413), ['Rejected!', 'Rejected!', 'Rejected', 'Rejected!', 'Rejected']],
  [
    '422 AsyncRequired',
    answer(422, error('AsyncRequired')),
    ['AsyncRequired!', 'AsyncRequired!', 'AsyncRequired', 'AsyncRequired!', 'AsyncRequired'],
  ],
  ['422 ConcurrencyError', answer(422, error('ConcurrencyError')), same('ConcurrencyError')],
  [
    '422 MaintenanceInfoConflict',
    answer(422, error('MaintenanceInfoConflict')),
    ['MaintenanceInfoConflict', 'MaintenanceInfoConflict', 'Rejected', 'Rejected!', 'Rejected'],
  ],
  [
    '422 RequiresApp',
    answer(422, error('RequiresApp')),
    ['Rejected!', 'Rejected!', 'Rejected', 'RequiresApp!', 'Rejected'],
  ],
  [
    '422 another word',
    answer(422, error('Quota')),
    ['Rejected!', 'Rejected!', 'Rejected', 'Rejected!', 'Rejected'],
  ],
  [
    '422 with the word only in the description',
    answer(422, JSON.stringify({ description: 'ConcurrencyError' })),
    ['Rejected!', 'Rejected!', 'Rejected', 'Rejected!', 'Rejected'],
  ],
  ['422 no body', answer(422, ''), ['Rejected!', 'Rejected!', 'Rejected', 'Rejected!', 'Rejected']],
  ['429', answer(429), same('TooManyRequests')],
  ['500', answer(500), creates('ServerError+om', 'ServerError')],
  ['500 not JSON', answer(500, '<html>'), creates('ServerError+om', 'ServerError')],
  ['503', answer(503), creates('ServerError+om', 'ServerError')],
  ['599', answer(599), creates('ServerError+om', 'ServerError')],
  ['no answer in time', fault('Timeout', true), creates('Timeout+om', 'Timeout')],
  ['no connection in time', fault('Timeout', false), same('Timeout')],
  ['lost after sending', fault('ConnectionReset', true), creates('ConnectionReset+om', 'ConnectionReset')],
  ['not HTTP', fault('MalformedResponse', true), creates(`${malformed}+om`, malformed)],
  ['refused', fault('ConnectionRefused', false), same('ConnectionRefused')],
  ['no such name', fault('DNSFailure', false), same('DNSFailure')],
  ['unknown authority', fault('TLSUntrusted', false), same('TLSUntrusted')],
  ['circuit open', fault('CircuitOpen', false), same('CircuitOpen')],
  ['cancelled by ourselves after sending', fault('Cancelled', true), same('Cancelled')],
  [
    'unusable id',
    fault('InvalidRequest', false),
    ['InvalidRequest!', 'InvalidRequest!', 'InvalidRequest', 'InvalidRequest!', 'InvalidRequest'],
  ],
];

const operations = ['provision', 'update', 'deprovision', 'bind', 'unbind'] as const;

function cellOf(outcome: Outcome<unknown>): string {
  if (outcome.kind !== 'failed') return outcome.kind;
  const terminal = outcome.disposition === 'terminal' ? '!' : '';
  return `${outcome.reason}${terminal}${outcome.orphanMitigation ? '+om' : ''}`;
}

describe('the outcome of a write', () => {
  it.each(rows)('%s', (_name, reply, cells) => {
    const outcomes = operations.map((operation) => interpret(operation, reply) as Outcome<unknown>);
    expect(outcomes.map(cellOf)).toEqual(cells);
  });

  it('carries the operation, and none when it is empty', () => {
    expect(interpret('provision', answer(202, '{"operation":"o"}'))).toMatchObject({ operation: 'o' });
    for (const body of ['{}', '{"operation":null}', '{"operation":""}']) {
      expect(interpret('provision', answer(202, body))).not.toHaveProperty('operation');
    }
  });

  it('does not look at credentials that come with a 202', () => {
    expect(interpret('bind', answer(202, '{"credentials":{"password":"p"}}'))).toEqual({
      kind: 'accepted',
      status: 202,
      body: { endpoints: [], warnings: [] },
    });
  });

  it.each(['[]', '"text"', '7', 'true'])('is malformed when credentials are %s', (credentials) => {
    expect(interpret('bind', answer(201, `{"credentials":${credentials}}`))).toMatchObject({
      reason: 'MalformedResponse',
      orphanMitigation: true,
    });
  });

  it('carries Retry-After of a refusal and of a 202', () => {
    const headers = { retryAfter: '7' };
    expect(interpret('update', answer(429, '{}', headers))).toMatchObject({ retryAfterMs: 7000 });
    expect(interpret('update', answer(503, '{}', headers))).toMatchObject({ retryAfterMs: 7000 });
    expect(interpret('update', answer(202, '{}', headers))).toMatchObject({ retryAfterMs: 7000 });
  });

  it.each([
    ['provision', {}],
    ['update', { instanceUsable: false, updateRepeatable: false }],
    ['deprovision', { instanceUsable: false }],
    ['bind', {}],
  ] as const)('of %s keeps only the flags that mean something there', (operation, flags) => {
    const body = JSON.stringify({ instance_usable: false, update_repeatable: false });
    const { instanceUsable, updateRepeatable } = interpret(operation, answer(422, body)) as Record<
      string,
      unknown
    >;
    expect({ instanceUsable, updateRepeatable }).toEqual({
      instanceUsable: undefined,
      updateRepeatable: undefined,
      ...flags,
    });
  });

  it('ignores flags that are not booleans', () => {
    const body = JSON.stringify({ instance_usable: 'false', update_repeatable: 0 });
    const outcome = interpret('update', answer(422, body));
    expect(outcome).not.toHaveProperty('instanceUsable');
    expect(outcome).not.toHaveProperty('updateRepeatable');
  });

  it.each([
    [401, true],
    [403, true],
    [412, true],
    [302, true],
    [400, false],
    [409, false],
    [500, false],
  ])("of status %d is the operator's business: %s", (status, brokerLevel) => {
    expect(interpret('provision', answer(status))).toMatchObject({ brokerLevel });
  });
});

describe('the message of a failure', () => {
  it('names status, error word and description', () => {
    const body = JSON.stringify({ error: 'QuotaExceeded', description: 'No more small ones.' });
    expect(interpret('provision', answer(422, body))).toMatchObject({
      message: 'the broker answered 422 Unprocessable Entity (QuotaExceeded): No more small ones.',
      error: 'QuotaExceeded',
      description: 'No more small ones.',
    });
  });

  it('is cut, stays on one line, and does not repeat our own secrets', () => {
    const description = `bad password "hunter22"\r\n\u001b[31m${'long '.repeat(100_000)}`;
    const outcome = interpret(
      'provision',
      answer(400, JSON.stringify({ description }), { secrets: ['hunter22'] }),
    );
    const message = failureIn(outcome)?.message ?? '';
    expect(Buffer.byteLength(message)).toBeLessThan(1300);
    expect(message).toContain('bad password "***" long');
    expect(message).not.toMatch(/hunter22|\p{Cc}/u);
  });

  it('shows nothing of a body that is no OSB error', () => {
    const outcome = interpret('provision', answer(500, '<html>internal host name</html>'));
    expect(outcome).toMatchObject({ message: 'the broker answered 500 Internal Server Error' });
    expect(outcome).not.toHaveProperty('description');
  });
});
