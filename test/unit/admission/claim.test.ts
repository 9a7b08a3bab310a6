import { claimOf, type ClaimPlaces } from '../../../src/admission/claim.ts';
import { requestedByAnnotation as by } from '../../../src/api/group.ts';
import { key } from '../injection/pods.ts';

const db = key('bind', 'db');
const params = key('params.bind', 'db');
const share = key('share.bind', 'db');
const reclaim = key('reclaim.bind', 'db');
const env = key('env.bind', 'db');
const source = { [db]: 'request/pg/small' };

type Annotations = Readonly<Record<string, string>>;

function places(template: Annotations, own: Annotations = { [by]: 'alice' }): ClaimPlaces {
  return { own, template };
}

const before = places({ ...source, [params]: '{}', [env]: 'A=b' });

it.each<[string, ClaimPlaces, ClaimPlaces | undefined, object]>([
  ['a new workload that asks', places(source, {}), undefined, { kind: 'new' }],
  ['one that asks beside its template', places({}, source), undefined, { kind: 'new' }],
  ['one whose manifest says who asks', places(source), undefined, { kind: 'new' }],
  ['one that asks for nothing', places({}, {}), undefined, { kind: 'idle' }],
  ['another source', places({ ...before.template, [db]: 'request/pg/large' }), before, { kind: 'new' }],
  ['another binding', places({ ...before.template, [key('bind', 'q')]: '' }), before, { kind: 'new' }],
  ['other parameters', places({ ...before.template, [params]: '{"a":1}' }), before, { kind: 'new' }],
  ['parameters that go', places({ ...source, [env]: 'A=b' }), before, { kind: 'new' }],
  ['a share', places({ ...before.template, [share]: 'team' }), before, { kind: 'new' }],
  ['a time to keep it', places({ ...before.template, [reclaim]: '1h' }), before, { kind: 'new' }],
  ['other variables', places({ ...before.template, [env]: 'B=c' }), before, { kind: 'none' }],
  [
    'an opt-out',
    places({ ...before.template, 'inject.servicecatalog.k8s.io': 'disabled' }),
    before,
    { kind: 'none' },
  ],
  [
    'one of two sources that goes, with what is said about it',
    places(before.template),
    places({ ...before.template, [key('bind', 'q')]: '', [key('params.bind', 'q')]: '{}' }),
    { kind: 'none' },
  ],
  ['the same', before, before, { kind: 'none' }],
  [
    'a manifest that does not know who asked',
    { ...before, own: {} },
    before,
    { kind: 'dropped', before: 'alice' },
  ],
  ['somebody else’s name', { ...before, own: { [by]: 'bob' } }, before, { kind: 'by-hand', before: 'alice' }],
  ['a name where none was', before, { ...before, own: {} }, { kind: 'by-hand', before: undefined }],
  ['a workload that asks no more', places({ [env]: 'A=b' }), before, { kind: 'idle' }],
  ['one that asks no more, by a manifest', places({}, {}), before, { kind: 'idle' }],
])('%s', (_what, now, old, expected) => {
  expect(claimOf(now, old)).toEqual(expected);
});
