// The mark at the top: whether what is shown is live, stale or cut off.
const mark = document.getElementById('mark');
const WORDS = {
  live: ['live', 'this page follows the server'],
  ended: ['up to date', 'this page follows the server; what it shows has ended'],
  stale: ['stale', 'the server has not been heard for a while; what is shown may be old'],
  cut: ['cut off', 'the server does not answer; what is shown is what it said last'],
  resting: ['resting', 'this page follows the server again when it is looked at'],
};

export function say(is) {
  if (mark.dataset.is === is) return;
  mark.dataset.is = is;
  [mark.textContent, mark.title] = WORDS[is];
}
