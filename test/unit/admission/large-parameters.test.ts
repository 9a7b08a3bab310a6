import { answerReview } from '../../../src/admission/answer.ts';
import { mutateCatalog } from '../../../src/admission/mutate-catalog.ts';
import { decide, instance, selectors, world } from './catalog-world.ts';
import { recordingLogger } from './requests.ts';

const large = (value: string): object => ({ x: value.repeat(140_000) });
const refusal = {
  allowed: false,
  code: 422,
  message: expect.stringMatching(
    /^spec\.(parameters has 140008 bytes, 131072|defaultProvisionParameters has 140008 bytes, 16384) are allowed: make it smaller/,
  ) as unknown,
};

describe('parameters that are too large', () => {
  it.each([
    ['ServiceInstance', { ...selectors, parameters: large('y') }],
    ['ServiceBinding', { instanceRef: { name: 'db' }, parameters: large('y') }],
    ['ClusterServiceClass', { externalName: 'c', defaultProvisionParameters: large('y') }],
    ['ServicePlan', { externalName: 'p', defaultProvisionParameters: large('y') }],
  ])('of a new %s are refused with what to do', async (kind, spec) => {
    expect(await decide(kind, instance(spec))).toMatchObject(refusal);
  });

  it('are refused to whoever changes them, and let through to whoever changes something else', async () => {
    const old = instance({ ...selectors, parameters: large('y') });
    const update = { operation: 'UPDATE', oldObject: old };
    const changed = instance({ ...selectors, parameters: large('z') });
    expect(await decide('ServiceInstance', changed, update)).toMatchObject(refusal);
    const bumped = instance({ ...selectors, parameters: large('y'), updateRequests: 2 });
    expect(await decide('ServiceInstance', bumped, update)).toMatchObject({ allowed: true });
    const mended = instance({ ...selectors, parameters: {} });
    expect(await decide('ServiceInstance', mended, update)).toMatchObject({ allowed: true });
  });
});

describe('the text of a review of an instance', () => {
  const { deps } = world();
  const kind = { group: 'servicecatalog.k8s.io', version: 'v1beta1', kind: 'ServiceInstance' };

  async function answer(object: object, oldObject: object | null = null) {
    const operation = oldObject === null ? 'CREATE' : 'UPDATE';
    const request = {
      uid: 'u-1',
      kind,
      resource: {},
      namespace: 'shop',
      name: 'x',
      operation,
      object,
      oldObject,
    };
    const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request };
    const found = await answerReview(
      '/mutate/catalog',
      async (decoded, context) => mutateCatalog(decoded, context, deps),
      Buffer.from(JSON.stringify(review)),
      1_000,
      { logger: recordingLogger(), observe: () => undefined },
    );
    return (JSON.parse(found.body) as { response: { allowed: boolean; status?: object; patch?: string } })
      .response;
  }

  it('is answered the same when large parameters in it are not parsed', async () => {
    expect(await answer(instance({ ...selectors, parameters: large('y') }))).toMatchObject({
      allowed: false,
      status: { code: 422, message: refusal.message },
    });
    const small = await answer(instance({ ...selectors, parameters: { x: 'y'.repeat(100_000) } }));
    const patch = Buffer.from(small.patch ?? '', 'base64').toString();
    expect(patch).toContain('/spec/externalID');
    expect(patch).not.toContain('yyy');
  });

  it('tells who changed them', async () => {
    const spec = { ...selectors, externalID: 'i', userInfo: { username: 'before' } };
    const old = instance({ ...spec, parameters: { x: 'y'.repeat(100_000) } });
    const same = await answer(structuredClone(old), old);
    const other = await answer(instance({ ...spec, parameters: { x: 'z'.repeat(100_000) } }), old);
    const patchOf = ({ patch = '' }: { readonly patch?: string }): string =>
      Buffer.from(patch, 'base64').toString();
    expect(patchOf(same)).not.toContain('userInfo');
    expect(patchOf(other)).toContain('userInfo');
  });

  it('that is long in labels is refused without being parsed', async () => {
    const labels = Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`label-number-${at}`, '']));
    expect(await answer(instance(selectors, { labels }))).toMatchObject({
      uid: 'u-1',
      allowed: false,
      status: { code: 422, message: expect.stringContaining('give it fewer labels') as unknown },
    });
  });
});
