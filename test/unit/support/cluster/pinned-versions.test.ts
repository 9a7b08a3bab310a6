import { pinnedVersions } from '../../../cluster/pinned-versions.ts';

describe('the pinned versions', () => {
  it('are read from go.mod', async () => {
    expect(await pinnedVersions()).toEqual({
      kubernetes: expect.stringMatching(/^v1\.\d+\.\d+$/),
      etcd: expect.stringMatching(/^v3\.\d+\.\d+$/),
      go: expect.stringMatching(/^1\.\d+(\.\d+)?$/),
    });
  });

  it('are an error when there is no go.mod', async () => {
    await expect(pinnedVersions('/nonexistent')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
