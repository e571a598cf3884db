import type { CheerioAPI } from 'cheerio';

/** The part of a parsed document that is walked; domhandler's shape. */
interface Node {
  readonly name?: string;
  readonly attribs?: Readonly<Record<string, string>>;
  readonly children?: readonly Node[];
  readonly next: Node | null;
  readonly parent: Node | null;
}

/** The `href` of every element the selector finds, in document order. @default selector 'a' */
export function hrefsOf($: CheerioAPI, selector = 'a'): string[] {
  const hrefs: string[] = [];
  if (selector === 'a') {
    // By far the most common selector, and a plain walk is several times faster than the selector engine.
    collect($.root()[0] as unknown as Node, 'a', hrefs);
    return hrefs;
  }
  for (const element of $(selector).toArray() as unknown as Node[]) {
    const href = element.attribs?.['href'];
    if (href !== undefined) hrefs.push(href);
  }
  return hrefs;
}

/** What relative links of the page are relative to, when it says so itself. */
export function baseHrefOf(
  $: CheerioAPI,
  page: { readonly url: string; readonly loadedUrl: string | undefined },
): string | undefined {
  const bases: string[] = [];
  collect($.root()[0] as unknown as Node, 'base', bases, 1);
  const [href] = bases;
  if (href === undefined) return undefined;
  try {
    return new URL(href, page.loadedUrl ?? page.url).href;
  } catch {
    return undefined;
  }
}

/** Without recursion: a page may nest its elements deeper than the stack. */
function collect(
  root: Node,
  name: string,
  hrefs: string[],
  limit = Number.POSITIVE_INFINITY,
): void {
  let node = root.children?.[0];
  while (node && hrefs.length < limit) {
    if (node.name === name) {
      const href = node.attribs?.['href'];
      if (href !== undefined) hrefs.push(href.trim());
    }
    node = node.children?.[0] ?? following(node, root);
  }
}

/** The next node in document order that does not lie inside this one. */
function following(start: Node, root: Node): Node | undefined {
  for (let node: Node | null = start; node && node !== root; node = node.parent) {
    if (node.next) return node.next;
  }
  return undefined;
}
