import { readFile } from 'node:fs/promises';

/** For Vite and Rolldown alike: `import { text } from './script.lua'` is the text of the file. */
export const luaText = {
  name: 'lua-text',
  async load(id) {
    if (!id.endsWith('.lua')) return null;
    return {
      code: `export const text = ${JSON.stringify(await readFile(id, 'utf8'))};`,
      moduleType: 'js',
    };
  },
};
