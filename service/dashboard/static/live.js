// Keeps the page in step with the server: a search by its stream of events, other pages by asking now and then.
// A page that nobody looks at lets go of its stream, because a browser opens only a few to one server.
import { say } from './mark.js';
import { refresh } from './parts.js';
import { follow } from './stream.js';

const main = document.getElementById('main');
const STALE_AFTER = 15000; // the server speaks at least every ten seconds
const CUT_AFTER = 25000;
const AGAIN_AFTER = 1000;
const MOMENT = 400;

export function goLive() {
  if (main.dataset.events) followEvents(main.dataset.events);
  else if (main.dataset.poll) pollOn();
  else if (document.body.dataset.page !== 'trial') document.getElementById('mark').hidden = true;
  else say('ended');
}

function followEvents(url) {
  let stop = null;
  let heard = 0;
  let lost = 0;
  let first = true;
  let told = 'live';
  let lookedAt = -MOMENT;
  let timer = 0;

  function mark() {
    const silence = performance.now() - heard;
    if (document.hidden) say('resting');
    else if (silence < STALE_AFTER && !lost) say(told);
    else if (silence < CUT_AFTER && lost < 3) say('stale');
    else say('cut');
  }

  // The newest event is enough: between two looks at the page lies a moment, however much happens.
  function soon(done) {
    timer ||= setTimeout(async () => {
      timer = 0;
      lookedAt = performance.now();
      await refresh().catch(() => {});
      done();
    }, Math.max(lookedAt + MOMENT - performance.now(), 0));
  }

  async function listen() {
    const controller = new AbortController();
    stop = () => controller.abort();
    while (!controller.signal.aborted) {
      try {
        await follow(url, controller.signal, {
          heard() { heard = performance.now(); lost = 0; mark(); },
          event(name, data) {
            if (name === 'deleted') { location.assign('/'); return; }
            const event = JSON.parse(data);
            told = event.state === 'active' || event.state === 'paused' ? 'live' : 'ended';
            if (first && event.changes === Number(main.dataset.changes)) { first = false; mark(); return; }
            first = false;
            soon(mark);
          },
        });
      } catch {
        if (controller.signal.aborted) return;
      }
      lost += 1;
      mark();
      await new Promise((done) => setTimeout(done, AGAIN_AFTER));
    }
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) stop?.();
    else { first = false; heard = performance.now(); lost = 0; listen(); }
    mark();
  });
  heard = performance.now();
  setInterval(mark, 1000);
  if (!document.hidden) listen();
}

async function pollOn() {
  let lost = 0;
  while (main.dataset.poll) {
    if (document.hidden) say('resting');
    else {
      try {
        await refresh();
        lost = 0;
        if (main.dataset.poll) say('live');
      } catch {
        lost += 1;
        say(lost < 3 ? 'stale' : 'cut');
      }
    }
    await new Promise((done) => setTimeout(done, Number(main.dataset.poll ?? 0)));
  }
}
