// node bench/run.mjs [FILE|FOLDER]… [--quick] [--runs N]
// Without a file: all of them. What follows the files is handed on to each benchmark; see bench/report.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { bundle } from '../scripts/bundle.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RIVAL = 'bench/rival';

process.chdir(ROOT);
const firstOption = process.argv.findIndex(
  (argument, index) => index > 1 && argument.startsWith('-'),
);
const end = firstOption === -1 ? process.argv.length : firstOption;
const files = benchesOf(end > 2 ? process.argv.slice(2, end) : ['bench']);
const options = process.argv.slice(end);

if (!['playwright', 'bullmq'].every((name) => existsSync(`${RIVAL}/node_modules/${name}`))) {
  console.log('Installing the rivals, once …');
  run('npm', ['ci', '--prefix', RIVAL, '--ignore-scripts', '--no-audit', '--no-fund']);
}
run(process.execPath, ['scripts/build.mjs']);
console.log(`Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0]?.model.trim()}\n`);

const built = await bundle(files);
try {
  for (const file of files)
    run(process.execPath, ['--expose-gc', built.outputOf(file), ...options]);
} finally {
  await built.remove();
}

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

function benchesOf(paths) {
  return paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true })
      .filter((name) => name.endsWith('.bench.ts') && !name.includes('node_modules'))
      .map((name) => `${path.replace(/\/$/, '')}/${name}`)
      .sort();
  });
}
