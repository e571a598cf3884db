import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in these on all its platforms. */
const TICK_MS = 10;

/** Bytes of memory of a process and all that descend from it; what several share is counted once. Linux only. */
export function treeBytes(root: number): number {
  return treeOf(root).reduce((bytes, { pid }) => bytes + bytesOf(pid), 0);
}

/** Processor time of a process and all that descend from it, those that have ended too. Linux only. */
export function treeCpuMs(root: number): number {
  return treeOf(root).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

interface Member {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
}

function treeOf(root: number): Member[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(memberOf);
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  return all.filter(({ pid }) => descends(pid, root, parents));
}

function memberOf(name: string): Member {
  // The name may hold spaces; state and parent follow it.
  const fields = textOf(`/proc/${name}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
  return { pid: Number(name), parent, cpuMs: ticks * TICK_MS };
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
