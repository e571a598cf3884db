import { readdirSync, readFileSync } from 'node:fs';

/** What both libraries' browsers offer to find their process. */
interface AnyBrowser {
  process?(): { readonly pid?: number } | null;
  newBrowserCDPSession?(): Promise<{
    send(method: string): Promise<{ processInfo: { type: string; id: number }[] }>;
    detach(): Promise<void>;
  }>;
}

/** The process of a browser under Puppeteer or Playwright; it leads a group of its own. */
export async function pidOf(browser: unknown): Promise<number> {
  const known = browser as AnyBrowser;
  const pid = known.process?.()?.pid;
  if (pid !== undefined) return pid;
  const session = await known.newBrowserCDPSession?.();
  if (!session) throw new Error('This browser does not tell its process');
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.find(({ type }) => type === 'browser')?.id as number;
}

/** The living processes of a browser: itself, its renderers and helpers. */
export function processesOf(groupId: number): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMember(name, groupId));
}

function isMember(pid: string, groupId: number): boolean {
  try {
    // The name may hold spaces; state, parent and group follow it.
    const [state, , group] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(group) === groupId && state !== 'Z';
  } catch {
    return false;
  }
}
