import { randomInteger, SeededRandom } from '../../core/random.ts';

/** Children of each page in the tree that makes every page reachable from the first. */
const BRANCHES = 4;
/** Links from each page to any page, so that most links have been seen before. */
const CROSS_LINKS = 4;

const WORDS =
  'amber birch canvas delta ember fjord garnet harbour indigo juniper kestrel lantern meadow nectar opal pepper quartz russet saffron tundra'.split(
    ' ',
  );

/** The pages of the local site, numbered from 1, and their links. The same seed gives the same site. */
export class PageGraph {
  readonly pagesCount: number;
  readonly #seed: number | string;

  constructor(pagesCount: number, seed: number | string) {
    this.pagesCount = pagesCount;
    this.#seed = seed;
  }

  /** Numbers of the pages that a page links to. */
  linksOf(page: number): number[] {
    const random = new SeededRandom(`links ${this.#seed} ${page}`);
    const links = new Set<number>();
    for (let branch = 1; branch <= BRANCHES; branch++) {
      const child = (page - 1) * BRANCHES + branch + 1;
      if (child <= this.pagesCount) links.add(child);
    }
    for (let link = 0; link < CROSS_LINKS; link++) {
      links.add(1 + randomInteger(random, this.pagesCount));
    }
    return [...links];
  }

  html(page: number): string {
    const random = new SeededRandom(`text ${this.#seed} ${page}`);
    const word = (): string => WORDS[randomInteger(random, WORDS.length)] as string;
    const name = `${word()} ${word()}`;
    const text = Array.from({ length: 60 }, word).join(' ');
    const links = this.linksOf(page).map(
      (link) => `<li><a href="/page/${link}">Page ${link}</a></li>`,
    );
    return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Page ${page}: ${name}</title></head>
<body>
<h1>${name}</h1>
<p class="price">${(1 + randomInteger(random, 9_999) / 100).toFixed(2)}</p>
<p>${text}</p>
<ul>
${links.join('\n')}
</ul>
</body>
</html>
`;
  }
}
