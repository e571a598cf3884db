import { readdirSync, readFileSync } from 'node:fs';

/** Bytes of memory of a process and all that descend from it; what several share is counted once. Linux only. */
export function treeBytes(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? textOf(`/proc/${name}/stat`) : '';
    // The name may hold spaces; state and parent follow it.
    const parent = /^.*\) \S (\d+)/s.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  let bytes = 0;
  for (const pid of parents.keys()) if (descends(pid, root, parents)) bytes += bytesOf(pid);
  return bytes;
}

function descends(pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined; at = parents.get(at)) {
    if (at === root) return true;
  }
  return false;
}

/** The proportional set size: a page shared by n processes counts for 1/n in each. */
function bytesOf(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
