import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ItemStream } from './item-stream.ts';

function sinkOf(bytes: number): PassThrough {
  return new PassThrough({ highWaterMark: bytes });
}

test('an item is one line of JSON', async () => {
  const sink = sinkOf(1_000);
  using stream = new ItemStream(sink, () => {});
  await stream.write({ title: 'a\nb' });
  await stream.write({ n: 1 });
  expect(String(sink.read())).toBe('{"title":"a\\nb"}\n{"n":1}\n');
});

test('writing waits for a slow reader', async () => {
  const sink = sinkOf(1);
  using stream = new ItemStream(sink, () => {});
  let isWritten = false;
  const writing = stream.write({ n: 1 }).then(() => {
    isWritten = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isWritten).toBe(false);
  sink.read();
  await writing;
});

test('a reader that goes away is told of once, ends every wait and is not written to again', async () => {
  const sink = sinkOf(1);
  let closedTimes = 0;
  using stream = new ItemStream(sink, () => closedTimes++);
  const writing = stream.write({ n: 1 });
  sink.emit('error', new Error('write EPIPE'));
  sink.emit('error', new Error('write EPIPE'));
  await writing;
  await stream.write({ n: 2 });
  expect(closedTimes).toBe(1);
  expect(stream.isClosed).toBe(true);
  expect(String(sink.read())).toBe('{"n":1}\n');
});
