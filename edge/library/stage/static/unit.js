/* The stage of units that speak xAPI by themselves: their page, opened with the words by which it finds the store.

   Written for Chrome 61: no modules, no optional chaining. */
(function () {
  "use strict";
  document.querySelector("[data-room]").src = Stage.scene.address;
})();
