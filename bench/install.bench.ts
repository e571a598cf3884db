import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compare, type Readings } from './report.ts';

await compare('installing for a Cheerio crawl', {
  columns: { packages: 'less', MB: 'less' },
  against: '@crawlee/cheerio',
  goal: '≤ 50 packages',
  runs: 1,
  subjects: {
    'troupe + cheerio': () => installed((folder) => [packed(folder), 'cheerio@^1.2.0']),
    '@crawlee/cheerio': () => installed(() => ['@crawlee/cheerio@3.18.1']),
  },
});

/** What `npm install` of these brings into an empty folder. */
function installed(packagesFor: (folder: string) => string[]): Readings {
  const folder = mkdtempSync(path.join(tmpdir(), 'troupe-install-'));
  try {
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
    npm(['install', '--no-audit', '--no-fund', ...packagesFor(folder)], folder);
    const lock = readFileSync(path.join(folder, 'node_modules/.package-lock.json'), 'utf8');
    const { packages } = JSON.parse(lock) as { packages: object };
    return {
      packages: Object.keys(packages).length,
      MB: bytesUnder(path.join(folder, 'node_modules')) / 1e6,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The package as it would be published. */
function packed(folder: string): string {
  const list = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], '.');
  const [made] = JSON.parse(list) as { filename: string }[];
  return path.join(folder, made?.filename ?? '');
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function bytesUnder(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const stats = names.map((name) => lstatSync(path.join(folder, name)));
  return stats.filter((stat) => stat.isFile()).reduce((sum, stat) => sum + stat.size, 0);
}
