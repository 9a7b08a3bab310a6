import { originatingIdentity } from '../../../src/brokers/originating-identity.ts';
import { contextOf } from '../../../src/brokers/request-context.ts';

describe('the originating identity', () => {
  it('P04 has all four fields of a Kubernetes user', () => {
    const user = { username: 'jane', uid: 'u-1', groups: ['dev'], extra: { scopes: ['a', 'b'] } };
    expect(originatingIdentity(user)).toEqual({ platform: 'kubernetes', value: user });
  });

  it('has an empty uid and no groups for a user who has none', () => {
    expect(originatingIdentity({ username: 'jane', groups: null })?.value).toEqual({
      username: 'jane',
      uid: '',
      groups: [],
      extra: {},
    });
  });

  it.each([undefined, null, {}, { username: '' }])('P05 is absent when nobody is known: %j', (user) => {
    expect(originatingIdentity(user)).toBeUndefined();
  });
});

describe('the context of a request', () => {
  it('is that of the Kubernetes profile, with the deprecated ids that existing brokers know', () => {
    const namespace = { metadata: { name: 'shop', uid: 'ns-uid' } };
    expect(contextOf({ clusterId: 'c-1', namespace, instanceName: 'db' })).toEqual({
      context: { platform: 'kubernetes', clusterid: 'c-1', namespace: 'shop', instance_name: 'db' },
      organizationGuid: 'c-1',
      spaceGuid: 'ns-uid',
      appGuid: 'ns-uid',
    });
  });

  it('P06 names the same platform as the originating identity', () => {
    const { context } = contextOf({
      clusterId: 'c',
      namespace: { metadata: { name: 'n' } },
      instanceName: 'i',
    });
    expect(context['platform']).toBe(originatingIdentity({ username: 'u' })?.platform);
  });
});
