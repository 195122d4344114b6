/* The stage's keeper: what a package says is kept here first, in this phone, and then at the box.

   - A save is never forgotten before the box has said that it is on its disk. Without Wi-Fi it waits; the page says so.
   - What waits also lies in the storage of this origin, so that a phone that dies sends it when the activity is opened
     again by the same learner.
   - Saves have an order, so that a late one never undoes what came after it.
   - What another learner or another course left in this origin's storage is gone before a package starts.

   Written for Chrome 61: no modules, no optional chaining. */
var Stage = (function () {
  "use strict";

  var scene = JSON.parse(document.getElementById("scene").textContent);
  var RETRY_SECONDS_MIN = 2, RETRY_SECONDS_MAX = 30, PATIENCE_SECONDS = 15, STATEMENTS_MAX = 100, BEACON_BYTES_MAX = 60000;
  var PREFIX = "qanat:", mine = PREFIX + scene.course + ":" + scene.registration;
  var isKept = scene.sitting > 0;
  var address = location.pathname.replace(/~play\/.*$/, "~state");

  var waiting = {}, number = 0, misses = 0, timer = 0, isSending = false, isEnded = false, isLeaving = false;
  var last = [];
  var states = {};

  // ---- what lies in this phone ------------------------------------------------------------------------------------

  function storage() {
    try { return window.localStorage; } catch (refused) { return null; }
  }

  /* Before a package runs: only our own notes of this course stay, and everything if the learner is the same. */
  function clear() {
    var place = storage();
    if (!place) return;
    try {
      var isSame = scene.owner && place.getItem(PREFIX + "owner") === scene.owner;
      if (!isSame) {
        Object.keys(place).forEach(function (key) {
          if (key.indexOf(PREFIX + scene.course + ":") !== 0) place.removeItem(key);
        });
        window.sessionStorage.clear();
        forgetDatabases();
        if (scene.owner) place.setItem(PREFIX + "owner", scene.owner);
      }
    } catch (full) { /* a phone without storage keeps nothing that could be seen */ }
    if (navigator.serviceWorker && navigator.serviceWorker.getRegistrations) {
      navigator.serviceWorker.getRegistrations().then(function (all) {
        all.forEach(function (one) { one.unregister(); });
      }, function () {});
    }
  }

  function forgetDatabases() {
    if (!window.indexedDB || !window.indexedDB.databases) return;
    window.indexedDB.databases().then(function (all) {
      all.forEach(function (one) { window.indexedDB.deleteDatabase(one.name); });
    }, function () {});
  }

  function note() {
    var place = storage();
    if (!place || !isKept) return;
    try {
      if (Object.keys(waiting).length) place.setItem(mine, JSON.stringify(waiting));
      else place.removeItem(mine);
    } catch (full) { /* it still waits in this page */ }
  }

  /* What a former sitting could not send, if the box has nothing newer. */
  function recover() {
    var place = storage(), found = null;
    if (!place || !isKept) return;
    try { found = JSON.parse(place.getItem(mine) || "null"); } catch (spoilt) { found = null; }
    Object.keys(found || {}).forEach(function (part) {
      var one = found[part], kept = scene.kept[part];
      if (!one || typeof one.state !== "object" || !(one.sitting < scene.sitting)) return;
      var isNewer = !kept || one.sitting > kept.sitting || (one.sitting === kept.sitting && one.number > kept.number);
      if (!isNewer) return;
      waiting[part] = one;
      states[part] = one.state;
    });
    note();
  }

  // ---- to the box --------------------------------------------------------------------------------------------------

  /* Keep what a part says now, and statements that go along once. `isLast`: its sitting ends. */
  function put(part, state, isLast, statements) {
    var before = waiting[part];
    states[part] = state;
    number += 1;
    if (!isKept) return;
    waiting[part] = {
      part: part, sitting: scene.sitting, number: number, state: state,
      is_last: Boolean(isLast || (before && before.sitting === scene.sitting && before.is_last)),
      // Those that wait go along until they are known to be kept: each has an id, so that twice is once.
      statements: (before && before.statements || []).concat(statements || []).slice(-STATEMENTS_MAX)
    };
    note();
    if (isLeaving) leave(); else send();
  }

  function send() {
    var part = Object.keys(waiting)[0];
    if (isSending || isEnded || part === undefined) return;
    var one = waiting[part], request = new XMLHttpRequest();
    clearTimeout(timer);
    isSending = true;
    request.open("POST", address);
    request.setRequestHeader("Content-Type", "application/json");
    request.timeout = PATIENCE_SECONDS * 1000;
    request.onload = function () {
      isSending = false;
      if (request.status === 204) {
        taken(part, one);
        misses = 0;
        note();
        show();
        send();
      } else if (request.status === 403 || request.status === 404) {
        isEnded = true;
        show();
      } else if (request.status >= 400 && request.status < 500 && request.status !== 408 && request.status !== 429) {
        delete waiting[part]; // it will never be taken: the next save of this part may be
        note();
        send();
      } else missed();
    };
    request.onerror = request.ontimeout = function () { isSending = false; missed(); };
    request.send(JSON.stringify(one));
  }

  function taken(part, one) {
    var now = waiting[part];
    if (!now) return;
    if (now.sitting === one.sitting && now.number === one.number) delete waiting[part];
    else now.statements = now.statements.filter(function (each) { return one.statements.indexOf(each) < 0; });
  }

  function missed() {
    misses += 1;
    show();
    clearTimeout(timer);
    var seconds = Math.min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * Math.pow(2, misses - 1));
    timer = setTimeout(send, seconds * 1000 * (0.75 + Math.random() / 2));
  }

  /* The page goes, perhaps for good: hand everything to the browser, which sends it without us. */
  function leave() {
    if (isEnded || !navigator.sendBeacon) return;
    Object.keys(waiting).forEach(function (part) {
      var blob = new Blob([JSON.stringify(waiting[part])], { type: "application/json" });
      // A browser takes 64 KiB in all; what is larger waits in this phone for the next time.
      if (blob.size <= BEACON_BYTES_MAX) navigator.sendBeacon(address, blob);
    });
  }

  /* Ask the box for the state of a part that the page did not bring along. */
  function state(part, then) {
    if (states[part] !== undefined) return then(states[part]);
    if (scene.states[part] !== undefined) return then(states[part] = parsed(scene.states[part]));
    if (!isKept || !scene.kept[part]) return then(null);
    var request = new XMLHttpRequest();
    request.open("GET", address + "?part=" + encodeURIComponent(part));
    request.timeout = PATIENCE_SECONDS * 1000;
    request.onload = function () {
      if (request.status !== 200) return late();
      misses = 0;
      show();
      then(states[part] = parsed(request.responseText));
    };
    request.onerror = request.ontimeout = late;
    request.send();
    function late() { misses += 1; show(); setTimeout(function () { state(part, then); }, RETRY_SECONDS_MIN * 1000); }
  }

  function parsed(text) {
    try { return JSON.parse(text); } catch (spoilt) { return null; }
  }

  // ---- the line ----------------------------------------------------------------------------------------------------

  var line = document.querySelector("[data-line]"), told = "";

  /* Say something for a while; what waits to be sent is more important. */
  function say(text) {
    told = text || "";
    show();
  }

  function show() {
    var isWaiting = misses > 0 && Object.keys(waiting).length > 0;
    var text = isEnded ? scene.words.ended : isWaiting ? scene.words.waiting : told;
    line.textContent = text;
    line.hidden = !text;
  }

  // ---- leaving -----------------------------------------------------------------------------------------------------

  function hear(handler) { last.push(handler); }

  function goodbye(isGone) {
    isLeaving = true;
    last.forEach(function (handler) { handler(isGone); });
    leave();
    if (!isGone) isLeaving = false;
  }

  addEventListener("pagehide", function () { goodbye(true); });
  addEventListener("pageshow", function () { isLeaving = false; send(); });
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") goodbye(false); else send();
  });
  addEventListener("online", send);

  clear();
  recover();
  send();

  return { scene: scene, put: put, state: state, say: say, hear: hear };
})();
