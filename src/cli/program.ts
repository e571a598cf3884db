import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { messageOf } from '../core/errors.ts';
import { redactText } from '../core/redact.ts';
import { addCrawlCommand } from './crawl-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { EXIT } from './exit-code.ts';
import { addLabCommand } from './lab-command.ts';
import { UsageError } from './usage-error.ts';
import { addWorldCommand } from './world-command.ts';

/**
 * Runs the command line and returns the exit code. Never throws: what went wrong is written to standard error.
 *
 * @param argv as in `process.argv`
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', ignoreClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  let exitCode: number = EXIT.done;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Commander has written its message already; asking for help or the version is no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    process.stderr.write(`error: ${redactText(messageOf(error))}\n`);
    return error instanceof UsageError ? EXIT.wrongUsage : EXIT.failed;
  }
}

function createProgram(end: (exitCode: number) => void): Command {
  const program = new Command('troupe')
    .description(
      'Crawls websites through a pool of sessions: each one a proxy, a cookie jar and headers.',
    )
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print what a command does and takes')
    .helpCommand('help [COMMAND]', 'print what a command does and takes')
    .showHelpAfterError('(troupe --help shows what is accepted)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Exit codes:
  0    done
  1    some requests failed for good, or the command could not be completed
  2    wrong usage
  130  interrupted (143 by SIGTERM)

Examples:
  $ troupe demo
  $ troupe crawl https://example.com --max-requests 100 -o pages.jsonl`,
    );
  addCrawlCommand(program, end);
  addDemoCommand(program, end);
  addLabCommand(program, end);
  addWorldCommand(program);
  return program;
}

/** Whoever read our output has seen enough, as `head` does. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
