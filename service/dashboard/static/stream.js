// Server-sent events over fetch: unlike EventSource it hears the comments too, and so notices a server that hangs.
export async function follow(url, signal, { heard, event }) {
  const answer = await fetch(url, { signal, headers: { Accept: 'text/event-stream' }, cache: 'no-store' });
  if (!answer.ok) throw new Error(`the stream answered ${answer.status}`);
  heard();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop();
    const events = blocks.map(parse).filter((one) => one.data);
    // The newest says it all: an event tells the state and not what led to it.
    if (events.length) event(events.at(-1).name, events.at(-1).data);
  }
}

function parse(block) {
  const found = { name: 'message', data: '' };
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) found.name = line.slice(6).trim();
    if (line.startsWith('data:')) found.data += line.slice(5).trim();
  }
  return found;
}
