// What every page loads. Each module is one concept; only those that a page needs are fetched.
import { goLive } from './live.js';
import { listenToKeys } from './keys.js';
import { offerActions } from './actions.js';

offerActions();
listenToKeys();
goLive();

const page = document.body.dataset.page;
if (page === 'search') {
  import('./board.js').then((m) => m.followFilter());
  import('./charts.js').then((m) => m.drawAll());
  import('./parallel.js').then((m) => m.drawParallel());
} else if (page === 'trial') {
  import('./curve.js').then((m) => m.drawCurve());
} else if (page === 'compare') {
  import('./overlay.js').then((m) => m.drawOverlay());
} else if (page === 'new') {
  import('./draft.js').then((m) => m.checkAsTyped());
}
