import { MadeIds } from '../../../src/admission/made-ids.ts';
import { adoptAnnotation, idMadeAnnotation } from '../../../src/api/group.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { clusterMarkOf } from '../../../src/model/cluster-mark.ts';
import { bob, clock, decide, madeAt, selectors, stored, update, uuid, world } from './catalog-world.ts';

describe.each([
  ['ServiceInstance', selectors],
  ['ServiceBinding', { instanceRef: { name: 'i' } }],
])('the id of a new %s', (kind, spec) => {
  const object = (fields: JsonObject, annotations?: JsonObject): JsonObject => ({
    metadata: { name: 'x', namespace: 'shop', ...(annotations === undefined ? {} : { annotations }) },
    spec: { ...spec, ...fields },
  });
  const marks = (result: JsonObject): unknown => (result['metadata'] as JsonObject)['annotations'] ?? {};

  it('is marked with the time when it is made here', async () => {
    const result = await stored(kind, object({}, { mine: '1' }));
    expect(result).toMatchObject({ spec: { externalID: uuid } });
    expect(marks(result)).toEqual({ mine: '1', [idMadeAnnotation]: madeAt });
  });

  it.each(['', null])('is made when a client sends %j, and its mark with it', async (externalID) => {
    const result = await stored(kind, object({ externalID }, { [idMadeAnnotation]: 'of the manifest' }));
    expect(marks(result)).toEqual({ [idMadeAnnotation]: madeAt });
  });

  it('carries no mark of a new one when it was given: what a manifest says is a mark of before', async () => {
    expect(marks(await stored(kind, object({ externalID: 'of-old' })))).toEqual({});
    const restored = object({ externalID: 'of-old' }, { mine: '1', [idMadeAnnotation]: madeAt });
    expect(marks(await stored(kind, restored))).toEqual({ mine: '1', [idMadeAnnotation]: 'before' });
  });

  it('keeps its mark when the API server asks again, since another webhook changed the object', async () => {
    const here = world();
    const once = await stored(kind, object({}), {}, here);
    const touched = { ...once, metadata: { ...(once['metadata'] as JsonObject), labels: { theirs: '1' } } };
    expect(marks(await stored(kind, touched, {}, here))).toEqual({ [idMadeAnnotation]: madeAt });
  });

  it.each<[string, Partial<AdmissionRequest>]>([
    ['in another namespace', { namespace: 'other' }],
    ['under another name', { name: 'y' }],
    ['by somebody else', { user: bob }],
  ])('is a given one when it is copied at once %s', async (_where, fields) => {
    const here = world();
    const once = await stored(kind, object({}), {}, here);
    expect(marks(await stored(kind, once, fields, here))).toEqual({ [idMadeAnnotation]: 'before' });
  });

  it('is a given one as soon as the object has been stored', async () => {
    const here = world();
    const once = await stored(kind, object({}), {}, here);
    here.deps.ids.stored(uuid);
    expect(marks(await stored(kind, once, {}, here))).toEqual({ [idMadeAnnotation]: 'before' });
  });

  it('keeps its mark when a manifest that does not know it changes something', async () => {
    const before = object({ externalID: uuid }, { [idMadeAnnotation]: madeAt });
    const after = object({ externalID: uuid, parameters: { size: 2 } });
    expect(marks(await update(kind, before, after))).toEqual({ [idMadeAnnotation]: madeAt });
  });

  describe('where the cluster is known', () => {
    const cluster = clusterMarkOf('us');
    const here = () =>
      world({
        ids: new MadeIds(
          () => uuid,
          clock,
          () => cluster,
        ),
      });

    it('is marked with it', async () => {
      expect(marks(await stored(kind, object({}), {}, here()))).toEqual({
        [idMadeAnnotation]: `${madeAt}/${cluster}`,
      });
    });

    it('is marked as given where nobody has marked it before', async () => {
      expect(marks(await stored(kind, object({ externalID: 'of-old' }), {}, here()))).toEqual({
        [idMadeAnnotation]: `given/${cluster}`,
      });
    });

    it.each([
      [`${madeAt}/0123456789abcdef`, 'before/0123456789abcdef'],
      ['given/0123456789abcdef', 'before/0123456789abcdef'],
      [`before/${cluster}`, `before/${cluster}`],
      [madeAt, 'before'],
      ['u-1/elsewhere', 'before'],
    ])('keeps the cluster that had it first: %s', async (said, kept) => {
      const copied = object({ externalID: 'of-old' }, { [idMadeAnnotation]: said });
      expect(marks(await stored(kind, copied, {}, here()))).toEqual({ [idMadeAnnotation]: kept });
    });
  });

  it('has to be said where what is there is to be taken up', async () => {
    const adopted = (value: string, fields: JsonObject = {}) =>
      decide(kind, object(fields, { [adoptAnnotation]: value }));
    expect(await adopted('true')).toMatchObject({ allowed: false, code: 422 });
    expect(await adopted('true', { externalID: 'of-old' })).toMatchObject({ allowed: true });
    expect(await adopted('false')).toMatchObject({ allowed: true });
  });
});
