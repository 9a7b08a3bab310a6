import { RelistRequests } from '../../../src/catalog/relist-requests.ts';

const requests = (): RelistRequests => new RelistRequests({ elapsedMs: () => 1000 });

describe('a relist that is asked for', () => {
  it('before an attempt is settled by it', () => {
    const relists = requests();
    relists.request('a', { isUrgent: true });
    relists.begin('a');
    relists.attempted('a', true);
    expect(relists.requestOf('a')).toBeUndefined();
  });

  it('during an attempt is done after it', () => {
    const relists = requests();
    relists.begin('a');
    relists.request('a', { isUrgent: false });
    relists.attempted('a', true);
    expect(relists.requestOf('a')).toMatchObject({ isUrgent: false });
    relists.begin('a');
    relists.attempted('a', true);
    expect(relists.requestOf('a')).toBeUndefined();
  });

  it('before an attempt that came to no end is still wanted', () => {
    const relists = requests();
    relists.request('a', { isUrgent: true });
    relists.begin('a');
    expect(relists.requestOf('a')).toMatchObject({ isUrgent: true });
  });

  it('during an attempt is as urgent as the most urgent of all', () => {
    const relists = requests();
    relists.begin('a');
    relists.request('a', { isUrgent: true });
    relists.request('a', { isUrgent: false });
    relists.attempted('a', false);
    expect(relists.requestOf('a')).toMatchObject({ isUrgent: true });
  });

  it('knows how much the last attempt wrote', () => {
    const relists = requests();
    expect(relists.lastWrites('a')).toBe(0);
    relists.attempted('a', true, 400);
    expect(relists.lastWrites('a')).toBe(400);
    relists.attempted('a', true);
    expect(relists.lastWrites('a')).toBe(0);
  });

  it('is forgotten with its broker', () => {
    const relists = requests();
    relists.begin('a');
    relists.request('a', { isUrgent: true });
    relists.forget('a');
    expect(relists.requestOf('a')).toBeUndefined();
    expect(relists.isFetching('a')).toBe(false);
  });
});
