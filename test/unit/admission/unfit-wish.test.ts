import type { Decision } from '../../../src/admission/decision.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { idMadeAnnotation } from '../../../src/api/group.ts';
import { JsonText } from '../../../src/base/json-text.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { byController, decide, instance, selectors, world } from './catalog-world.ts';
import { wishes } from './wish-world.ts';

const create = {
  type: 'object',
  required: ['version'],
  properties: { version: { enum: ['17', '18'] }, size: { type: 'integer' }, users: { type: 'object' } },
  additionalProperties: false,
};
const update = { type: 'object', properties: { size: { type: 'integer' } }, additionalProperties: false };
const bind = {
  type: 'object',
  properties: { role: { enum: ['reader', 'writer'] } },
  additionalProperties: false,
};
const schemas = {
  instanceCreateParameterSchema: create,
  instanceUpdateParameterSchema: update,
  serviceBindingCreateParameterSchema: bind,
};
const known = { metadata: { name: 'db' }, spec: {} } as ServiceInstance;
const deps: Catalog = { schemas, instances: { db: known } };

type Catalog = Parameters<typeof wishes>[0];

const from = (...names: readonly string[]): JsonObject => ({
  parametersFrom: names.map((name) => ({ secretKeyRef: { name, key: 'p' } })),
});

function wish(
  kind: string,
  spec: JsonObject,
  fields: Partial<AdmissionRequest> = {},
  catalog = deps,
): Promise<Decision> {
  return decide(kind, instance(spec), fields, world({ wishes: wishes(catalog) }));
}

const ofInstance = (spec: JsonObject, fields?: Partial<AdmissionRequest>, catalog = deps) =>
  wish('ServiceInstance', { ...selectors, ...spec }, fields, catalog);

describe('a new instance', () => {
  it.each<[string, JsonObject, string | undefined]>([
    ['that fits', { parameters: { version: '18', size: 5 } }, undefined],
    ['without anything', {}, 'spec.parameters.version is required'],
    [
      'with a wrong type',
      { parameters: { version: '18', size: '5' } },
      'spec.parameters.size must be a whole number',
    ],
    ['with a typo', { parameters: { version: '18', siez: 5 } }, 'spec.parameters.siez is not allowed'],
    [
      'with large ones',
      { parameters: new JsonText(JSON.stringify({ version: 'x'.repeat(5000) })) },
      'spec.parameters.version must be "17" or "18"',
    ],
    [
      'with large ones that nest too deep',
      { parameters: new JsonText(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`) },
      undefined,
    ],
    ['whose Secret may have what is required', from('s'), undefined],
    [
      'with a typo beside a Secret',
      { ...from('s'), parameters: { siez: 5 } },
      'spec.parameters.siez is not allowed',
    ],
  ])('%s', async (_name, spec, problem) => {
    const { allowed, code, message, warnings } = await ofInstance(spec);
    expect(warnings).toBeUndefined();
    if (problem === undefined) return expect(allowed).toBe(true);
    const all = `the parameters do not fit plan "pg/small": ${problem} ("bindery describe plan pg/small" lists what it takes)`;
    expect({ allowed, code, message }).toEqual({ allowed: false, code: 422, message: all });
  });

  it('is refused with all that is wrong, up to five things, and without a value', async () => {
    const parameters = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, 'hunter2']));
    const { message = '' } = await ofInstance({ parameters: { ...parameters, version: 'hunter2' } });
    expect(message.match(/;/g)).toHaveLength(5);
    expect(message).toContain('; and more');
    expect(message).not.toContain('hunter2');
  });

  it.each<[string, JsonObject, Partial<Catalog>, string | undefined]>([
    ['what a default says counts', {}, { ofClass: { version: '18' } }, undefined],
    ['a plan wins over its class', {}, { ofClass: { version: 'x' }, ofPlan: { version: '18' } }, undefined],
    [
      'a wrong default is told as such',
      {},
      { ofPlan: { version: 'x' } },
      'defaultProvisionParameters.version must be',
    ],
    [
      'the spec wins over both',
      { parameters: { version: 'x' } },
      { ofPlan: { version: '18' } },
      'spec.parameters.version must be',
    ],
    ['a Secret may replace a wrong default', from('s'), { ofPlan: { version: 'x' } }, undefined],
  ])('%s', async (_name, spec, catalog, problem) => {
    const { allowed, message } = await ofInstance(spec, {}, { ...deps, ...catalog });
    expect(allowed).toBe(problem === undefined);
    if (problem !== undefined) expect(message).toContain(problem);
  });

  it.each([
    ['as a person wrote it', {}],
    [
      'with the mark of who made that id',
      { annotations: { [idMadeAnnotation]: '2025-01-01T00:00:00.000Z' } },
    ],
  ])('that comes with its id, from a backup, %s, is only warned about', async (_how, metadata) => {
    const spec = { ...selectors, externalID: 'kept', parameters: { size: 'x' } };
    const object = instance(spec, metadata);
    const decision = await decide('ServiceInstance', object, {}, world({ wishes: wishes(deps) }));
    expect(decision.allowed).toBe(true);
    expect(decision.warnings).toEqual([
      expect.stringContaining('spec.parameters.size must be a whole number'),
    ]);
  });

  it('of a workload is refused like any other: the words are told on the workload', async () => {
    const { allowed } = await ofInstance({ parameters: { size: 'x' } }, byController);
    expect(allowed).toBe(false);
  });

  it('of a plan without a schema, or with one that can not be used, is not checked', async () => {
    for (const catalog of [
      { schemas: {} },
      { schemas: { instanceCreateParameterSchema: { $ref: 'http://x.example' } } },
    ]) {
      const { allowed } = await ofInstance(
        { parameters: { size: 'x' } },
        {},
        {
          ...deps,
          ...catalog,
        },
      );
      expect(allowed).toBe(true);
    }
  });
});

describe('a change of an instance', () => {
  const wrong = { parameters: { version: 'old', size: 'x' } };
  const externalProperties = { parameters: {} };
  const changed = (
    before: JsonObject,
    after: JsonObject,
    status: JsonObject = { externalProperties },
    metadata: JsonObject = {},
  ) => {
    const oldObject = { ...instance({ ...selectors, ...before }, metadata), status };
    const object = instance({ ...selectors, ...after }, metadata);
    return decide(
      'ServiceInstance',
      object,
      { operation: 'UPDATE', oldObject },
      world({ wishes: wishes(deps) }),
    );
  };

  it.each<[string, JsonObject, JsonObject, JsonObject | undefined, string | undefined]>([
    ['to what fits', wrong, { parameters: { version: 'old', size: 5 } }, undefined, undefined],
    [
      'to what does not fit',
      wrong,
      { parameters: { version: 'old', size: 'y' } },
      undefined,
      'spec.parameters.size must be',
    ],
    [
      'to what can not be changed',
      wrong,
      { parameters: { version: 'new', size: 'x' } },
      undefined,
      'spec.parameters.version is not allowed',
    ],
    ['of something else', wrong, { ...wrong, updateRequests: 1 }, undefined, undefined],
    ['that takes one away', wrong, { parameters: { version: 'old' } }, undefined, undefined],
    [
      'while the first request is open',
      wrong,
      { parameters: { size: 'y' } },
      { inProgressProperties: {} },
      undefined,
    ],
    [
      'of one that was never asked for',
      wrong,
      { parameters: { size: 5 } },
      {},
      'spec.parameters.version is required',
    ],
    [
      'of one that the original Service Catalog made',
      wrong,
      { parameters: { size: 'y' } },
      { provisionStatus: 'Provisioned' },
      undefined,
    ],
  ])('%s', async (_name, before, after, status, problem) => {
    const { allowed, code, message } = await changed(before, after, status);
    if (problem === undefined) return expect(allowed).toBe(true);
    expect({ allowed, code, message }).toEqual({
      allowed: false,
      code: 422,
      message: expect.stringContaining(problem) as string,
    });
  });

  it('that is being deleted is never refused', async () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    const { allowed } = await changed(wrong, { parameters: { size: 'y' } }, undefined, { deletionTimestamp });
    expect(allowed).toBe(true);
  });
});

describe('a new binding', () => {
  const spec = (name: string, parameters: JsonObject): JsonObject => ({ instanceRef: { name }, parameters });
  it.each<[string, JsonObject, string | undefined]>([
    ['that fits', spec('db', { role: 'reader' }), undefined],
    ['that does not', spec('db', { role: 'owner' }), 'spec.parameters.role must be "reader" or "writer"'],
    ['whose instance is not there yet', spec('later', { role: 'owner' }), undefined],
  ])('%s', async (_name, binding, problem) => {
    const { allowed, message } = await wish('ServiceBinding', binding);
    expect(allowed).toBe(problem === undefined);
    if (problem !== undefined) expect(message).toContain(problem);
  });
});
