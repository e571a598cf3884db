import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { OptionError } from '../../core/errors.ts';
import { LabFileError } from '../lab-file-error.ts';
import { findPolicy } from '../policies/find-policy.ts';
import { findWorld } from './find-world.ts';

/** Inside the repository, where `typescript` is installed. */
const folder = mkdtempSync(path.join(import.meta.dirname, '../../../node_modules/.lab-'));
const elsewhere = mkdtempSync(path.join(tmpdir(), 'troupe-lab-'));

afterAll(() => {
  for (const made of [folder, elsewhere]) rmSync(made, { recursive: true, force: true });
});

function file(name: string, content: string, where = folder): string {
  const full = path.join(where, name);
  writeFileSync(full, content);
  return full;
}

test('a world is found by name, and read from JSON and TypeScript', async () => {
  expect((await findWorld('mixed')).name).toBe('mixed');
  const json = file('a.json', '{"name":"from json","proxies":[{"count":2}]}');
  expect(await findWorld(json)).toMatchObject({ name: 'from json', crawl: { slots: 50 } });
  const typed = file(
    'b.ts',
    "import type { World } from 'troupe/lab';\nconst world: World = { name: 'typed', proxies: [{ count: 3 }] };\nexport default world;\n",
  );
  expect((await findWorld(typed)).name).toBe('typed');
  expect(readdirSync(folder).sort()).toEqual(['a.json', 'b.ts']);
});

test('errors name the file, and what is wrong in it', async () => {
  await expect(findWorld('mixd')).rejects.toThrow(OptionError);
  await expect(findWorld('mixd')).rejects.toThrow(/no world `mixd`; expected mixed, light-load/);
  await expect(findWorld(path.join(folder, 'none.json'))).rejects.toThrow(LabFileError);
  await expect(findWorld(file('bad.json', '{'))).rejects.toThrow(/bad\.json cannot be loaded/);
  await expect(
    findWorld(file('wrong.json', '{"name":"x","proxies":[{"count":2,"state":"ded"}]}')),
  ).rejects.toThrow(/wrong\.json is no world: Expected `proxies\[0\]\.state`.*`'ded'`/);
  await expect(findWorld(file('empty.mjs', 'export const a = 1;'))).rejects.toThrow(
    /no default export/,
  );
});

test('TypeScript without a compiler near it says what to do', async () => {
  const lonely = file('c.ts', 'export default 1;', elsewhere);
  const reading = findWorld(lonely);
  await expect(reading).rejects.toThrow(/install `typescript` beside it|is no world/);
});

test('a policy is found by name, and read from a file in either form', async () => {
  expect((await findPolicy('random')).name).toBe('random');
  const pick = file('p.mjs', "export default { name: 'first', pick: (c) => c.at(0) };");
  const found = await findPolicy(pick);
  expect(found).toMatchObject({ name: 'first', open: expect.any(Function) });
  await expect(findPolicy(file('q.mjs', 'export default { pick: 1 };'))).rejects.toThrow(
    /q\.mjs is no policy/,
  );
  await expect(findPolicy('bes')).rejects.toThrow(/no policy `bes`; expected random/);
});
