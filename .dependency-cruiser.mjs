/**
 * Who may import whom inside src/. A folder may import itself and the folders on its right-hand side,
 * types included. A folder that is missing here may not exist.
 */
const MAY_IMPORT = {
  core: [],
  storage: ['core'],
  proxy: ['core'],
  session: ['core', 'storage', 'proxy'],
  http: ['core', 'proxy'],
  queue: ['core', 'storage'],
  crawler: ['core', 'storage', 'queue', 'proxy', 'session', 'http'],
  lab: ['core', 'proxy', 'session'],
  gateway: ['core', 'proxy', 'session'],
  dashboard: ['core'],
  apify: ['core', 'storage', 'queue', 'proxy', 'session', 'http', 'crawler', 'lab'],
};

/** Folders from which only types may be taken. */
const MAY_IMPORT_TYPES = { dashboard: ['session', 'queue', 'proxy'] };

/** Composition roots: they may import every folder, and nobody imports them. */
const ROOTS = ['cli'];

/** Costly to load, so loaded with `await import()` where first used. */
const LAZY = [
  'undici',
  'libsql',
  'tough-cookie',
  'cheerio',
  'fzstd',
  'impit',
  'robots-parser',
  'proxy-chain',
  'puppeteer-core',
  'playwright-core',
  '@redis/client',
];

/** `import type …`, and `typeof import('…')`: gone after compilation. */
const TYPES = ['type-only', 'type-import'];

const ENTRIES = '^src/[^/]+\\.ts$';
const TESTS = '\\.test\\.ts$';

const directions = Object.entries(MAY_IMPORT).flatMap(([folder, allowed]) => {
  const types = MAY_IMPORT_TYPES[folder] ?? [];
  const reachable = [folder, ...allowed, ...types].join('|');
  const rules = [
    {
      name: `${folder}-imports-only-its-right-hand-side`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^(src|test|bench|examples)/', pathNot: `^src/(${reachable})/|^test/` },
    },
  ];
  if (types.length > 0) {
    rules.push({
      name: `${folder}-takes-only-types`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: `^src/(${types.join('|')})/`, dependencyTypesNot: TYPES },
    });
  }
  return rules;
});

export default {
  forbidden: [
    ...directions,
    {
      name: 'every-folder-has-its-place',
      comment: 'A new folder under src/ gets a line in MAY_IMPORT first.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: `^src/(${[...Object.keys(MAY_IMPORT), ...ROOTS].join('|')})/|${ENTRIES}`,
      },
      to: {},
    },
    {
      name: 'sources-do-not-import-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { path: `^test/|${TESTS}` },
    },
    {
      name: 'nobody-imports-an-entry',
      comment: 'Entries only re-export. Examples use them by the package name, as a user does.',
      severity: 'error',
      from: { path: '^(src|test|bench)/' },
      to: { path: ENTRIES },
    },
    {
      name: 'nobody-imports-a-root',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${ROOTS.join('|')})/|^src/cli\\.ts$` },
      to: { path: `^src/(${ROOTS.join('|')})/` },
    },
    {
      name: 'no-index-files-inside',
      comment: 'Import the file that holds the thing.',
      severity: 'error',
      from: {},
      to: { path: '^src/.+/index\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'heavy-packages-are-loaded-lazily',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: {
        path: `^node_modules/(${LAZY.join('|')})/`,
        dependencyTypesNot: ['dynamic-import', ...TYPES],
      },
    },
    {
      name: 'sources-use-declared-packages',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // Bundled by the build, or an optional peer that is also installed for the tests.
        pathNot:
          '^node_modules/(valibot|cheerio|impit|puppeteer-core|playwright-core|@redis/client)/',
        dependencyTypesNot: TYPES,
      },
    },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^bench/rival/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
