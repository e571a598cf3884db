import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { compare, median, type Readings, size } from './report.ts';

const STARTS = size(21, 3);

await compare("import 'troupe' in a fresh process", {
  columns: { ms: 'less' },
  against: 'crawlee',
  goal: '≤ 170 ms',
  runs: 1,
  subjects: {
    'bare node': () => wallOf(''),
    troupe: () => wallOf(`import ${JSON.stringify(path.resolve('dist/index.js'))}`),
    'troupe/cheerio': () => wallOf(`import ${JSON.stringify(path.resolve('dist/cheerio.js'))}`),
    '@crawlee/core': () => wallOf("import '@crawlee/core'"),
    crawlee: () => wallOf("import 'crawlee'"),
  },
});

/** Median wall time of a whole process that runs the code as a module and ends. */
function wallOf(code: string): Readings {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const began = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { cwd: 'bench/rival' },
    );
    times.push(performance.now() - began);
    if (status !== 0) throw new Error(String(stderr));
  }
  return { ms: median(times) };
}
