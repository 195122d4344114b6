/* The clock of a box beside that of this phone, on the page where staff may set it. Without it the time is written by hand.

   Written for Chrome 61, as look.js. */
(function () {
  "use strict";

  var BEHIND_SECONDS_MIN = 300;
  var part = document.querySelector("[data-clock]");
  if (!part) return;

  var ours = Math.floor(Date.now() / 1000);
  var field = part.querySelector("input[name=at]");
  var isBehind = ours - Number(part.dataset.clock) >= BEHIND_SECONDS_MIN;
  if (isBehind) part.hidden = false;
  else if (part.dataset.told) part.hidden = true;
  field.value = new Date((ours + Number(part.dataset.offset)) * 1000).toISOString().slice(0, 16);
})();
