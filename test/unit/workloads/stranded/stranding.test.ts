import type { ServiceBinding } from '../../../../src/api/generated/service-binding.ts';
import { awaitedBindings } from '../../../../src/workloads/stranded/awaited-binding.ts';
import { strandingOf } from '../../../../src/workloads/stranded/stranding.ts';
import { trimPod, type KeptPod, type RawPod } from '../../../../src/workloads/pod.ts';

const injected = 'status.servicecatalog.k8s.io/injected';
const late = { name: 'db', secret: 'late', env: [], containers: ['main'], awaits: 'late', isUnknown: true };

function noted(...bindings: readonly unknown[]): Readonly<Record<string, string>> {
  return { [injected]: JSON.stringify({ v: 1, bindings, specHash: '0' }) };
}

function pod(parts: Omit<RawPod, 'metadata'> & { readonly metadata?: object } = {}): KeptPod {
  const metadata = { name: 'app', namespace: 'n', annotations: noted(late), ...parts.metadata };
  return trimPod({ ...parts, metadata });
}

function binding(spec: object, metadata: object = {}): ServiceBinding {
  return { metadata: { name: 'late', ...metadata }, spec } as ServiceBinding;
}

describe('the bindings that a Pod waits for', () => {
  it('are those that the webhook has noted as such', () => {
    const { awaits: _awaits, ...optional } = late;
    const { isUnknown: _isUnknown, ...known } = late;
    expect(awaitedBindings(noted(optional, known))).toEqual([
      { name: 'db', binding: 'late', secret: 'late', wasKnown: true },
    ]);
    expect(awaitedBindings(noted(late))).toMatchObject([{ wasKnown: false }]);
    const seen = { 'servicecatalog.k8s.io/binding-seen': 'other,late' };
    expect(awaitedBindings({ ...noted(late), ...seen })).toMatchObject([{ wasKnown: true }]);
  });

  it.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['no JSON', '"awaits" {'],
    ['null', 'null "awaits"'],
    ['no list', '{"bindings":"awaits","awaits":1}'],
    ['one of names that nothing has', JSON.stringify({ bindings: [{ ...late, awaits: 'x'.repeat(254) }] })],
    ['a list of other things', '{"bindings":[null,1,[],{"awaits":1},{"awaits":"b"}]}'],
  ])('are none where the note is %s', (_what, text) => {
    expect(awaitedBindings(text === undefined ? {} : { [injected]: text })).toEqual([]);
  });

  it.each<[string, Parameters<typeof pod>[0], number]>([
    ['is new', {}, 1],
    ['waits', { status: { phase: 'Pending' } }, 1],
    ['runs', { status: { phase: 'Running' } }, 0],
    ['has failed', { status: { phase: 'Failed' } }, 0],
    ['is going', { metadata: { deletionTimestamp: 'now' } }, 0],
  ])('are looked at when it %s', (_what, parts, count) => {
    expect(pod(parts).awaits).toHaveLength(count);
  });
});

describe('a Pod waits in vain', () => {
  it.each<[string, ServiceBinding | undefined, string | undefined]>([
    ['when its binding writes another Secret', binding({ secretName: 'other' }), 'other'],
    ['not when it writes that of its own name', binding({}), undefined],
    ['not when it names that', binding({ secretName: 'late' }), undefined],
    ['not before the binding is there', undefined, undefined],
    [
      'not for what is being deleted',
      binding({ secretName: 'other' }, { deletionTimestamp: 'now' }),
      undefined,
    ],
  ])('%s', (_what, found, writes) => {
    expect(strandingOf(pod(), () => found)?.writes).toBe(writes);
  });

  it('when it was given another Secret, and the binding was made anew under its own name', () => {
    const annotations = noted({ ...late, secret: 'former' });
    const stranding = strandingOf(pod({ metadata: { annotations } }), () => binding({}));
    expect(stranding).toMatchObject({ secret: 'former', writes: 'late', isHeld: false });
  });

  it('and can not start when our gate holds it for this binding', () => {
    const annotations = {
      ...noted(late, { ...late, name: 'cache', awaits: 'cache', secret: 'cache' }),
      'bind.servicecatalog.k8s.io/db': 'binding/late',
      'bind.servicecatalog.k8s.io/cache': 'binding/cache',
      'wait.bind.servicecatalog.k8s.io/cache': 'gate',
    };
    const spec = { schedulingGates: [{ name: 'servicecatalog.k8s.io/binding' }] };
    const held = pod({ metadata: { annotations }, spec });
    const only = (name: string) => (one: string) =>
      one === name ? binding({ secretName: 'other' }, { name }) : undefined;
    expect(strandingOf(held, only('cache'))).toMatchObject({ binding: 'cache', isHeld: true });
    expect(strandingOf(held, only('late'))).toMatchObject({ binding: 'late', isHeld: false });
  });
});
