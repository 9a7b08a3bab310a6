import { dirname, normalize } from 'node:path/posix';

/** One file. `path` is relative to the root of the project. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/**
 * Links between pages that lead nowhere, as messages. Only what is in the project is looked at; `files` are the paths of
 * all files and folders.
 */
export function brokenLinks(pages: readonly Page[], files: ReadonlySet<string>): readonly string[] {
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  return pages.flatMap(({ path, text }) =>
    linksIn(text).flatMap((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(`${dirname(path)}/${file}`).replace(/\/$/, '');
      if (!files.has(target)) return [`${path}: the link ${link} leads to no file`];
      if (anchor === undefined || !target.endsWith('.md') || anchors.get(target)?.has(anchor)) return [];
      return [`${path}: the link ${link} leads to no heading of ${target}`];
    }),
  );
}

/** Targets of links to other places in the project. */
function linksIn(text: string): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)]
    .map(([, inline, referred]) => inline ?? referred ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that a page's headings get where Markdown is shown: lower case, spaces as hyphens, a number for the second of a name. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return new Set(anchors);
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^ *```[^]*?^ *```/gm, '');
}

function withoutCode(text: string): string {
  return withoutBlocks(text).replaceAll(/`[^`\n]*`/g, '');
}
