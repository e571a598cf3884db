// Uses the built package as a stranger's project does: strict types, libraries checked too, no optional peer
// but Cheerio installed.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
const installed = [...Object.keys(manifest.dependencies), 'cheerio', '@types/node'];
const project = mkdtempSync(path.join(tmpdir(), 'troupe-consumer-'));

try {
  const packages = path.join(project, 'node_modules');
  mkdirSync(path.join(packages, '@types'), { recursive: true });
  mkdirSync(path.join(packages, 'troupe'));
  cpSync(`${ROOT}package.json`, path.join(packages, 'troupe/package.json'));
  cpSync(`${ROOT}dist`, path.join(packages, 'troupe/dist'), { recursive: true });
  for (const name of installed)
    symlinkSync(`${ROOT}node_modules/${name}`, path.join(packages, name));

  writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    path.join(project, 'use.ts'),
    `import { SessionPool, type SessionPoolOptions } from 'troupe';
     import { CheerioCrawler } from 'troupe/cheerio';
     const options: SessionPoolOptions = { maxPoolSize: 2 };
     const pool: SessionPool = await SessionPool.open(options);
     await pool.close();
     new CheerioCrawler({ requestHandler: ({ $ }) => { const title: string = $('title').text(); void title; } });
    `,
  );
  writeFileSync(
    path.join(project, 'actor.ts'),
    `import Apify, { CheerioCrawler } from 'troupe/apify';
     const session: Apify.Session = new Apify.Session({ maxUsageCount: 2 });
     const options: Apify.CheerioCrawlerOptions = {
       requestList: await Apify.openRequestList(null, []),
       handlePageFunction: async ({ $, session }) => { if ($('title').text() === 'Blocked') session.retire(); },
     };
     if (!(new Apify.CheerioCrawler(options) instanceof CheerioCrawler) || !session.isUsable()) process.exitCode = 1;
    `,
  );
  writeFileSync(
    path.join(project, 'actor.cjs'),
    `const Apify = require('troupe/apify');
     const { main, utils } = Apify;
     process.env.APIFY_LOCAL_STORAGE_DIR = __dirname;
     if (main !== Apify.default.main || !utils.log || !new Apify.Session().isUsable()) throw new Error('not all there');
     Apify.main(async () => {
       const sessionPool = await Apify.openSessionPool({ maxPoolSize: 1 });
       sessionPool.getSession().retire();
     });
    `,
  );
  const settings = ['--strict', '--skipLibCheck', 'false', '--types', 'node', '--outDir', 'out'];
  const target = ['--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023'];
  run(`${ROOT}node_modules/typescript/bin/tsc`, [...settings, ...target, 'use.ts']);
  run('out/use.js', []);
  // The types of browsers are there for those who have installed them.
  const lenient = settings.map((setting) => (setting === 'false' ? 'true' : setting));
  run(`${ROOT}node_modules/typescript/bin/tsc`, [...lenient, ...target, 'actor.ts']);
  run('out/actor.js', []);
  run('actor.cjs', []);
} finally {
  rmSync(project, { recursive: true, force: true });
}

function run(script, args) {
  try {
    execFileSync(process.execPath, [script, ...args], { cwd: project, stdio: 'inherit' });
  } catch {
    process.exitCode = 1;
  }
}
