import { idMadeAnnotation, secretsReadByAnnotation } from '../../../src/api/group.ts';
import { ObjectPatch } from '../../../src/admission/object-patch.ts';
import { ownMarks, webhookFieldManager } from '../../../src/admission/own-marks.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';

type Annotations = Readonly<Record<string, string>>;

/** Keys of annotations that the manager of the webhook gets. */
function owned(asked: Annotations, written: Annotations, managedFields: unknown = [{}]): readonly string[] {
  const object = { metadata: { annotations: asked, managedFields } };
  const patch = new ObjectPatch(object);
  for (const [key, value] of Object.entries(written)) patch.set(['metadata', 'annotations', key], value);
  const before = patch.operations.length;
  ownMarks({ object } as unknown as AdmissionRequest, patch);
  const [operation, ...more] = patch.operations.slice(before);
  if (operation === undefined) return [];
  expect(more).toEqual([]);
  expect(operation).toMatchObject({
    op: 'add',
    path: '/metadata/managedFields/-',
    value: { manager: webhookFieldManager, operation: 'Update', fieldsType: 'FieldsV1' },
  });
  const { fieldsV1 } = (operation as { readonly value: { readonly fieldsV1: Fields } }).value;
  return Object.keys(fieldsV1['f:metadata']['f:annotations']);
}

interface Fields {
  readonly 'f:metadata': { readonly 'f:annotations': object };
}

it.each<[string, Annotations, Annotations, readonly string[]]>([
  ['a mark that is written here', {}, { [idMadeAnnotation]: 'now' }, [`f:${idMadeAnnotation}`]],
  [
    'both',
    { other: 'x' },
    { [idMadeAnnotation]: 'now', [secretsReadByAnnotation]: 'jane' },
    [`f:${idMadeAnnotation}`, `f:${secretsReadByAnnotation}`],
  ],
  ['nothing where nothing is written', {}, {}, []],
  ['nothing of another key', {}, { 'servicecatalog.k8s.io/deletion-policy': 'retain' }, []],
  [
    'no mark that the manifest has as well',
    { [idMadeAnnotation]: 'old' },
    { [idMadeAnnotation]: 'before' },
    [],
  ],
])('the webhook owns %s', (_what, asked, written, keys) => {
  expect(owned(asked, written)).toEqual(keys);
});

it('notes nobody for an object whose managers were cleared', () => {
  expect(owned({}, { [idMadeAnnotation]: 'now' }, null)).toEqual([]);
});
