import { afterEach, describe, expect, it, vi } from 'vitest';
import { EventSource } from './events.ts';
import { log } from './log.ts';

interface Events {
  /** A number was counted. */
  counted: { n: number };
  stopped: Record<string, never>;
}

describe('EventSource', () => {
  afterEach(() => vi.restoreAllMocks());

  it('gives the payload to every listener, in the order they were added', () => {
    const source = new EventSource<Events>();
    const heard: string[] = [];
    source.on('counted', ({ n }) => heard.push(`first ${n}`));
    source.on('counted', ({ n }) => heard.push(`second ${n}`));
    source.emit('counted', { n: 1 });
    source.emit('stopped', {});
    expect(heard).toEqual(['first 1', 'second 1']);
  });

  it('stops calling a listener that was taken off, one of `once` too', () => {
    const source = new EventSource<Events>();
    const listener = vi.fn();
    source.on('counted', listener).off('counted', listener);
    source.once('counted', listener).off('counted', listener);
    source.off('stopped', listener);
    source.emit('counted', { n: 1 });
    expect(listener).not.toHaveBeenCalled();
    expect(source.hasListeners('counted')).toBe(false);
  });

  it('calls a `once` listener once, even when the event is emitted again from inside', () => {
    const source = new EventSource<Events>();
    const heard: number[] = [];
    source.on('counted', ({ n }) => {
      if (n === 1) source.emit('counted', { n: 2 });
    });
    source.once('counted', ({ n }) => heard.push(n));
    source.emit('counted', { n: 1 });
    source.emit('counted', { n: 3 });
    expect(heard).toEqual([2]);
  });

  it('calls a listener once per event however often it was added', () => {
    const source = new EventSource<Events>();
    const listener = vi.fn();
    source.on('counted', listener).on('counted', listener).once('counted', listener);
    source.emit('counted', { n: 1 });
    source.emit('counted', { n: 2 });
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('does not call a listener that was added while the event was being told', () => {
    const source = new EventSource<Events>();
    const late = vi.fn();
    source.once('counted', () => source.on('counted', late));
    source.emit('counted', { n: 1 });
    expect(late).not.toHaveBeenCalled();
  });

  it('logs a listener that throws and tells the others all the same', () => {
    const logged = vi.spyOn(log, 'exception').mockReturnValue();
    const source = new EventSource<Events>();
    const listener = vi.fn();
    const error = new Error('listener');
    source.on('counted', () => {
      throw error;
    });
    source.on('counted', listener);
    source.emit('counted', { n: 1 });
    expect(listener).toHaveBeenCalledOnce();
    expect(logged).toHaveBeenCalledWith(error, 'A listener of "counted" threw');
  });

  it('logs an async listener that rejects instead of letting it end the process', async () => {
    const logged = vi.spyOn(log, 'exception').mockReturnValue();
    const source = new EventSource<Events>();
    const error = new Error('listener');
    source.on('counted', async () => {
      throw error;
    });
    source.emit('counted', { n: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(logged).toHaveBeenCalledWith(error, 'A listener of "counted" threw');
  });

  it('knows whether anybody listens', () => {
    const source = new EventSource<Events>();
    expect(source.hasListeners('counted')).toBe(false);
    source.once('counted', () => {});
    expect(source.hasListeners('counted')).toBe(true);
    source.emit('counted', { n: 1 });
    expect(source.hasListeners('counted')).toBe(false);
  });
});
