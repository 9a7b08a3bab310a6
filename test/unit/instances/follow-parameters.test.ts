import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { followParametersAnnotation } from '../../../src/api/group.ts';
import { hasNews, isFollowed } from '../../../src/instances/follow-parameters.ts';

const metadata = { namespace: 'shop', name: 'db', annotations: { [followParametersAnnotation]: 'enabled' } };
const spec = { parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }] };
const provisioned = { provisionStatus: 'Provisioned' } as const;
const instance: ServiceInstance = { metadata, spec, status: provisioned };

describe('an instance is followed', () => {
  it.each<[string, Partial<ServiceInstance>, boolean]>([
    ['that asks for it, has Secrets and is provisioned', {}, true],
    ['without Secrets', { spec: {} }, false],
    ['of which nothing is provisioned', { status: { provisionStatus: 'NotProvisioned' } }, false],
    ['that is new', { status: {} }, false],
    [
      'that is being deleted',
      { metadata: { ...metadata, deletionTimestamp: '2030-01-01T00:00:00Z' } },
      false,
    ],
    ['that says nothing', { metadata: { namespace: 'shop', name: 'db' } }, false],
    [
      'with another word',
      { metadata: { ...metadata, annotations: { [followParametersAnnotation]: 'on' } } },
      false,
    ],
  ])('%s', (_title, fields, expected) => {
    expect(isFollowed({ ...instance, ...fields })).toBe(expected);
  });
});

describe('news of its Secrets', () => {
  const withStatus = (status: ServiceInstance['status'] & object): ServiceInstance => ({
    ...instance,
    status: { ...provisioned, ...status },
  });

  it('are none as soon as anybody has sent something else, whoever leads now', () => {
    const news = new Map([['shop/db', 'k.1']]);
    const confirmed = { externalProperties: { parameterChecksum: 'k.1' } };
    expect(hasNews({ news }, withStatus(confirmed))).toBe(true);
    expect(hasNews({ news }, withStatus({ ...confirmed, toldParameterChecksum: 'k.2' }))).toBe(false);
    expect(hasNews({ news }, withStatus({ externalProperties: { parameterChecksum: 'k.2' } }))).toBe(false);
    expect(hasNews({ news: new Map() }, instance)).toBe(false);
  });

  it('are told apart from parameters that were refused, also from none', () => {
    const news = new Map([['shop/db', '']]);
    const status = { externalProperties: { parameterChecksum: 'k.1' }, toldParameterChecksum: '' };
    expect(hasNews({ news }, withStatus(status))).toBe(true);
  });
});
