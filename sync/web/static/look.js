/* Qanat: the one script. Every page works without it; with it a page is more honest about what is happening.

   - The line under the top of a page breaks when this phone cannot reach the box, and mends by itself.
   - A form marked data-upload shows how much of its file is sent; a form marked data-confirm asks first.
   - A film marked data-place-url keeps the place, also when the Wi-Fi goes: then in this page, until it is sent.
   - A part marked data-live follows what goes on at the box; when that begins or ends, the parts marked data-fresh
     are fetched anew.

   Written for Chrome 61: no modules, no optional chaining. Words come from the page, in its language (data-* of our script element). */
(function () {
  "use strict";

  var words = document.currentScript.dataset;
  var language = document.documentElement.lang === "ar" ? "ar-EG" : document.documentElement.lang;

  var PING_SECONDS = 30, RETRY_SECONDS_MIN = 2, RETRY_SECONDS_MAX = 30, PATIENCE_SECONDS = 8, MISSES_MIN = 2;
  var PLACE_SECONDS = 10, DOUBLE_TAP_SECONDS = 3;

  // ---- the channel to the box ------------------------------------------------------------------------------------

  var misses = 0, timer = 0, waiting = {};

  function channel() {
    clearTimeout(timer);
    if (document.hidden) return;
    ask().then(reached, missed);
  }

  function ask() {
    return new Promise(function (resolve, reject) {
      var request = new XMLHttpRequest();
      request.open("GET", words.ping);
      request.timeout = PATIENCE_SECONDS * 1000;
      request.onload = resolve;
      request.onerror = request.ontimeout = reject;
      request.send();
    });
  }

  function reached() {
    misses = 0;
    show();
    sendWaiting();
    again(PING_SECONDS);
  }

  function missed() {
    misses += 1;
    show();
    again(Math.min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * Math.pow(2, misses - 1)));
  }

  /* A class of phones that lost one access point together must not come back all in one second. */
  function again(seconds) {
    clearTimeout(timer);
    timer = setTimeout(channel, seconds * 1000 * (0.75 + Math.random() / 2));
  }

  function show() {
    var isLost = misses >= MISSES_MIN;
    var top = document.querySelector("[data-top]"), note = document.querySelector("[data-lost]");
    if (top) top.classList.toggle("lost", isLost);
    if (!note) return;
    var text = note.querySelector("[data-lost-text]");
    if (!text.dataset.plain) text.dataset.plain = text.textContent;
    text.textContent = Object.keys(waiting).length ? words.kept : text.dataset.plain;
    note.hidden = !isLost;
  }

  document.addEventListener("visibilitychange", channel);
  addEventListener("online", channel);
  addEventListener("offline", channel);
  again(PING_SECONDS);

  // ---- the place in a film -----------------------------------------------------------------------------------------

  /* data-place-url takes a form: csrf, every other data-place-* as a field (data-place-course="x" is course=x),
     seconds and duration, and a key that is the same whenever the same place is sent again. */
  function placeOf(film) {
    var fields = new URLSearchParams();
    Object.keys(film.dataset).forEach(function (name) {
      if (name.slice(0, 5) !== "place" || name === "placeUrl") return;
      fields.set(name.slice(5).replace(/[A-Z]/g, function (letter, at) { return (at ? "_" : "") + letter.toLowerCase(); }), film.dataset[name]);
    });
    fields.set("seconds", Math.floor(film.currentTime));
    fields.set("duration", Math.floor(film.duration || 0));
    fields.set("key", Date.now().toString(36) + Math.random().toString(36).slice(2, 10));
    return { url: film.dataset.placeUrl, body: fields.toString() };
  }

  function follow(film) {
    var told = -1;
    function tell(isLeaving) {
      var second = Math.floor(film.currentTime);
      if (second === told || !film.duration) return;
      told = second;
      var place = placeOf(film);
      if (isLeaving) leaveWith(place);
      else send(place);
    }
    film.addEventListener("timeupdate", function () {
      if (Math.abs(film.currentTime - told) >= PLACE_SECONDS) tell(false);
    });
    film.addEventListener("pause", function () { tell(false); });
    film.addEventListener("ended", function () { tell(false); });
    addEventListener("pagehide", function () { tell(true); });
    document.addEventListener("visibilitychange", function () { if (document.hidden) tell(true); });
  }

  /* Only the newest place of a film is worth keeping: it takes the room of the one before. */
  function send(place) {
    waiting[place.url] = place;
    fetch(place.url, {
      method: "POST",
      body: place.body,
      credentials: "same-origin",
      headers: { "Content-Type": "application/x-www-form-urlencoded" }
    }).then(function (answer) {
      if (answer.status >= 500) throw new Error(String(answer.status));
      if (waiting[place.url] === place) delete waiting[place.url];
      if (answer.redirected || answer.status >= 400) refused();
      else if (misses) reached();
    }).catch(function () {
      missed();
    });
  }

  function sendWaiting() {
    Object.keys(waiting).forEach(function (url) { send(waiting[url]); });
  }

  function leaveWith(place) {
    var body = new Blob([place.body], { type: "application/x-www-form-urlencoded" });
    if (!navigator.sendBeacon || !navigator.sendBeacon(place.url, body)) send(place);
  }

  /* The session ended under the film (we were led to the sign-in): say so where the reader looks. */
  function refused() {
    var note = document.querySelector("[data-lost]");
    if (!note) return;
    note.querySelector("b").textContent = words.refused;
    note.querySelector("[data-lost-text]").textContent = "";
    note.hidden = false;
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-place-url]"), follow);

  // ---- what goes on at the box -----------------------------------------------------------------------------------

  /* The words come ready from the box, in the page's language. A page that nobody sees follows nothing. */
  var live = document.querySelector("[data-live]"), stream = null, isOver = false;

  function watch() {
    if (!live || !window.EventSource || isOver) return;
    if (document.hidden && stream) {
      stream.close();
      stream = null;
    } else if (!document.hidden && !stream) {
      stream = new EventSource(live.dataset.live);
      stream.onmessage = function (event) { tell(JSON.parse(event.data)); };
      stream.addEventListener("over", leave);
      stream.onerror = function () { if (stream && stream.readyState === EventSource.CLOSED) leave(); };
    }
  }

  /* The box has ended it for good: from here on the page stands still, and says so. */
  function leave() {
    isOver = true;
    stream.close();
    live.querySelector("[data-live-still]").hidden = false;
  }

  function tell(now) {
    var wasRunning = live.dataset.running === "yes", bar = live.querySelector("[data-live-bar]");
    live.dataset.running = now.running ? "yes" : "no";
    live.hidden = !now.running;
    put(live.querySelector("[data-live-line]"), now.line);
    put(live.querySelector("[data-live-figures]"), now.figures);
    if (now.permille === null) bar.removeAttribute("value");
    else bar.value = now.permille;
    if (now.running !== wasRunning) freshen();
  }

  function put(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  /* A part in which somebody is writing stays as it is. */
  function freshen() {
    var request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.onload = function () {
      if (request.status >= 400 || request.responseURL !== location.href.split("#")[0]) return;
      var page = new DOMParser().parseFromString(request.responseText, "text/html");
      Array.prototype.forEach.call(document.querySelectorAll("[data-fresh], .sprite"), function (here) {
        var at = document.activeElement, isInside = here.contains(at);
        var there = here.id ? page.getElementById(here.id) : page.querySelector(".sprite");
        if (!there || isInside && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) return;
        here.parentNode.replaceChild(document.adoptNode(there), here);
        if (isInside) document.querySelector("main").focus();
      });
    };
    request.send();
  }

  document.addEventListener("visibilitychange", watch);
  watch();

  // ---- forms -----------------------------------------------------------------------------------------------------

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.confirm && !confirm(form.dataset.confirm)) return event.preventDefault();
    if (form.dataset.isSent) return event.preventDefault();
    form.dataset.isSent = "yes";
    setTimeout(function () { if (!form.dataset.isSending) delete form.dataset.isSent; }, DOUBLE_TAP_SECONDS * 1000);
    if ("upload" in form.dataset && hasFile(form)) {
      event.preventDefault();
      upload(form, event.submitter || document.activeElement);
    }
  });

  function hasFile(form) {
    return Array.prototype.some.call(form.elements, function (field) { return field.files && field.files.length; });
  }

  function upload(form, pressed) {
    var request = new XMLHttpRequest(), bar = barIn(form), fields = new FormData(form);
    if (pressed && pressed.name && pressed.form === form && pressed.type === "submit") fields.append(pressed.name, pressed.value);
    form.dataset.isSending = "yes";
    request.open("POST", form.action);
    request.upload.onprogress = function (event) {
      if (event.lengthComputable) bar.at(event.loaded, event.total);
    };
    request.upload.onload = function () { bar.say(words.checking); };
    request.onload = function () { ended(); arrive(request); };
    request.onerror = request.onabort = function () { ended(); bar.stop(words.stopped); };
    addEventListener("beforeunload", hold);
    request.send(fields);

    function ended() {
      removeEventListener("beforeunload", hold);
      delete form.dataset.isSending;
      delete form.dataset.isSent;
    }
  }

  function hold(event) {
    event.preventDefault();
    event.returnValue = "";
  }

  function barIn(form) {
    var old = form.querySelector("[data-bar]");
    if (old) old.remove();
    var bar = document.createElement("div"), line = document.createElement("p"), meter = document.createElement("progress");
    bar.dataset.bar = "";
    bar.setAttribute("role", "status");
    meter.setAttribute("aria-label", words.sending);
    bar.appendChild(line);
    bar.appendChild(meter);
    form.appendChild(bar);
    line.textContent = words.sending;
    return {
      at: function (done, total) {
        meter.max = total;
        meter.value = done;
        line.textContent = words.sending + " · " + (Math.floor(100 * done / total) / 100).toLocaleString(language, { style: "percent" });
      },
      say: function (text) {
        meter.removeAttribute("value");
        line.textContent = text;
      },
      stop: function (text) {
        meter.remove();
        bar.className = "note bad";
        line.textContent = text;
      }
    };
  }

  /* A redirect was followed: go there. Else the answer is the same page again, with what is to mend. */
  function arrive(request) {
    if (request.responseURL && request.responseURL !== location.href && request.status < 400) return location.assign(request.responseURL);
    var page = new DOMParser().parseFromString(request.responseText, "text/html");
    ["title", "main", ".sprite"].forEach(function (part) {
      var here = document.querySelector(part), there = page.querySelector(part);
      if (here && there) here.parentNode.replaceChild(document.adoptNode(there), here);
    });
    var main = document.querySelector("main");
    main.focus();
    main.scrollIntoView();
  }
})();
