import { brokenLinks } from '../../../scripts/docs/broken-links.ts';
import { namesInCode } from '../../../scripts/docs/names-in-code.ts';

describe('links between pages', () => {
  const files = new Set(['docs', 'docs/a.md', 'docs/deep/b.md', 'deploy', 'deploy/x.yaml']);
  const target = {
    path: 'docs/deep/b.md',
    text: '# One `two`, three\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n',
  };

  it.each([
    ['[x](deep/b.md)', 0],
    ['[x](deep/b.md#one-two-three)', 0],
    ['[x](deep/b.md#twice-1)', 0],
    ['[x](deep/b.md#twice-2)', 1],
    ['[x](deep/b.md#no-heading)', 1],
    ['[x](../deploy/x.yaml)', 0],
    ['[x](../deploy/)', 0],
    ['[x](../deploy/y.yaml)', 1],
    ['[x](#here)\n\n# Here', 0],
    ['[x](#there)\n\n# Here', 1],
    ['[x]: deep/c.md', 1],
    ['[x]: deep/b.md', 0],
    ['[x](https://example.com/y#z)', 0],
    ['`[x](nowhere.md)`', 0],
    ['```md\n[x](nowhere.md)\n```', 0],
  ])('%j has %d that lead nowhere', (text, count) => {
    expect(brokenLinks([{ path: 'docs/a.md', text }, target], files)).toHaveLength(count);
  });
});

describe('names in the program', () => {
  it.each([
    ['flag', 'src/config.ts', "{ flags: '--log-level <level>' }", '--log-level'],
    ['flag', 'src/cli/export.ts', ".option('-o, --output <format>', 'text')", '--output'],
    ['metric', 'src/observability/declarations.ts', "name: 'bindery_leader',", 'bindery_leader'],
    ['reason', 'src/instances/a.ts', "retryReason: 'ErrorCallingProvision',", 'ErrorCallingProvision'],
    ['reason', 'src/workloads/a.ts', "event(pod, 'Warning', 'PodStranded', text)", 'PodStranded'],
    ['reason', 'src/osb/outcome-types.ts', "  | 'Unauthorized'", 'Unauthorized'],
  ])('%s of %s: %s', (sort, path, text, name) => {
    expect(namesInCode([{ path, text }])).toContainEqual({ sort, name, path });
  });

  it('are all annotations of the table of names', () => {
    const annotations = namesInCode([]).map(({ name }) => name);
    expect(annotations).toContain('bind.servicecatalog.k8s.io/');
    expect(annotations).toContain('servicecatalog.k8s.io/paused');
    expect(annotations.length).toBeGreaterThan(40);
  });
});
