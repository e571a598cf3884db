import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads until its input ends, which is when the process that started it is gone, however it died. Then it gives the
 * browser two seconds to end by itself, kills it with its whole group, and removes the folders.
 */
const SCRIPT = `
pid=
while read -r kind value; do
  case "$kind" in
    pid) pid=$value ;;
    folder) set -- "$@" "$value" ;;
  esac
done
if [ -n "$pid" ]; then
  tries=0
  while [ "$tries" -lt 20 ] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -9 -"$pid" 2>/dev/null
  kill -9 "$pid" 2>/dev/null
fi
for attempt in 1 2 3 4 5; do
  rm -rf -- "$@" && break
  sleep 0.2
done
`;

/**
 * A tiny shell process beside a browser that outlives ours: even a SIGKILL of Node leaves neither a browser nor its
 * temporary folders behind. Not on Windows, where there is no such shell.
 */
export class ProcessGuard {
  readonly #shell: ChildProcess | undefined;

  private constructor(shell: ChildProcess | undefined) {
    this.#shell = shell;
  }

  /** Guards nothing but these folders at first. */
  static start(folders: readonly string[]): ProcessGuard {
    if (process.platform === 'win32') return new ProcessGuard(undefined);
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'troupe-guard', ...folders], {
      // Of its own group: Ctrl-C in a terminal goes to all of ours.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
    });
    // Without a shell there is no guard; nothing else depends on it.
    shell.on('error', () => {});
    shell.stdin?.on('error', () => {});
    shell.unref();
    (shell.stdin as { unref?: () => void } | null)?.unref?.();
    return new ProcessGuard(shell);
  }

  watch(pid: number): void {
    this.#tell(`pid ${pid}`);
  }

  remove(folder: string): void {
    this.#tell(`folder ${folder}`);
  }

  /** All is cleaned up: nothing is left to guard. */
  dismiss(): void {
    this.#shell?.kill('SIGKILL');
    this.#shell?.stdin?.destroy();
  }

  #tell(line: string): void {
    const input = this.#shell?.stdin;
    if (input?.writable && !line.includes('\n')) input.write(`${line}\n`);
  }
}
