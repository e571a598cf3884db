import path from 'node:path';

/** Where the command line came from; `process` is one. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  cwd(): string;
}

/** The command that goes on where this one was interrupted: the same one, with `--storage` and `--resume`. */
export function resumeCommand(invocation: Invocation, storage: string): string {
  const args = invocation.argv.slice(2).filter((arg) => arg !== '--resume');
  const hasStorage = args.some((arg) => arg === '--storage' || arg.startsWith('--storage='));
  const added = hasStorage ? ['--resume'] : ['--storage', storage, '--resume'];
  // Behind a `--` everything is an argument, so the options go in front of it.
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return [...program(invocation), ...args.slice(0, end), ...added, ...args.slice(end)]
    .map(quoted)
    .join(' ');
}

/** The word as a POSIX shell must be given it. */
export function quoted(word: string): string {
  if (/^[\w@%+:,./=-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** How the user called the program: by its name, through npx, or by its file. */
function program({ argv, env, cwd }: Invocation): string[] {
  if (env['npm_command'] === 'exec') return ['npx', 'troupe'];
  const script = argv[1] ?? 'troupe';
  if (path.basename(script) === 'troupe') return ['troupe'];
  return ['node', path.relative(cwd(), script) || script];
}
