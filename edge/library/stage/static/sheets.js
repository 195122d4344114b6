/* A PDF document, one page at a time, drawn by the vendored pdf.js. Written for Chrome 61.

   - Only the pages that are looked at are fetched; a page that is left is let go of.
   - The page is the place: it is told to the box as soon as it is shown.
   - A search goes on from the page after this one, and comes round to it again. */
(function () {
  "use strict";

  var scene = JSON.parse(document.getElementById("scene").textContent);
  var room = document.querySelector("[data-sheets]");
  var canvas = room.querySelector("canvas"), sheet = room.querySelector(".sheet");
  var turn = room.querySelector("[data-turn]"), find = room.querySelector("[data-find]"), said = room.querySelector("[data-said]");
  var LARGEST = 4, PIXELS_MAX = 5e6;
  var file = null, page = 1, scale = 1, drawing = null, wanted = 0;

  window.pdfjsLib.GlobalWorkerOptions.workerSrc = scene.worker;
  window.pdfjsLib.getDocument({ url: scene.file, isEvalSupported: false, disableAutoFetch: true, enableXfa: false }).promise.then(function (found) {
    file = found;
    turn.elements.page.max = file.numPages;
    room.querySelector("[data-of]").textContent = "/ " + file.numPages;
    show(scene.page);
  }, fail);

  function fail() { say(scene.words.failed); }

  function say(text) {
    said.textContent = text;
    said.hidden = !text;
  }

  function show(number) {
    if (!file) return;
    page = Math.max(1, Math.min(file.numPages, number || 1));
    turn.elements.page.value = page;
    turn.querySelector("[data-back]").disabled = page === 1;
    turn.querySelector("[data-on]").disabled = page === file.numPages;
    wanted = page;
    file.getPage(page).then(draw).catch(fail);
    keep();
  }

  function draw(one) {
    if (one.pageNumber !== wanted) return;
    if (drawing) drawing.cancel();
    var plain = one.getViewport({ scale: 1 });
    var fit = Math.max(100, sheet.clientWidth) / plain.width * scale;
    var sharp = Math.min(window.devicePixelRatio || 1, Math.sqrt(PIXELS_MAX / (plain.width * plain.height * fit * fit)));
    var view = one.getViewport({ scale: fit * Math.min(2, sharp) });
    canvas.width = Math.floor(view.width);
    canvas.height = Math.floor(view.height);
    canvas.style.width = Math.floor(plain.width * fit) + "px";
    drawing = one.render({ canvasContext: canvas.getContext("2d"), viewport: view });
    drawing.promise.then(function () {
      sheet.scrollTop = 0;
      canvas.dataset.page = one.pageNumber;
      one.cleanup();
    }, function () { /* another page was asked for meanwhile */ });
  }

  function keep() {
    if (!scene.place) return;
    fetch(scene.place, {
      method: "POST", credentials: "omit", keepalive: true,
      headers: { "Content-Type": "application/json" }, body: JSON.stringify({ page: page, pages: file.numPages })
    }).catch(function () { /* the next page tells it again */ });
  }

  function plain(text) {
    return text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670]/g, "");
  }

  function seek(words, number, left) {
    if (!left) { say(scene.words.missing); return; }
    var next = number > file.numPages ? 1 : number;
    file.getPage(next).then(function (one) { return one.getTextContent(); }).then(function (content) {
      var text = content.items.map(function (item) { return item.str + (item.hasEOL ? " " : ""); }).join("");
      if (plain(text).indexOf(words) < 0) { seek(words, next + 1, left - 1); return; }
      say("");
      show(next);
    }).catch(fail);
  }

  turn.addEventListener("submit", function (event) { event.preventDefault(); show(Number(turn.elements.page.value)); });
  turn.elements.page.addEventListener("change", function () { show(Number(turn.elements.page.value)); });
  turn.querySelector("[data-back]").addEventListener("click", function () { show(page - 1); });
  turn.querySelector("[data-on]").addEventListener("click", function () { show(page + 1); });
  turn.querySelector("[data-larger]").addEventListener("click", function () { scale = Math.min(LARGEST, scale * 1.4); show(page); });
  turn.querySelector("[data-smaller]").addEventListener("click", function () { scale = Math.max(1, scale / 1.4); show(page); });
  find.addEventListener("submit", function (event) {
    event.preventDefault();
    var words = plain(find.elements.words.value.trim());
    if (words && file) seek(words, page + 1, file.numPages);
  });
  sheet.addEventListener("keydown", function (event) {
    if (event.key === "PageDown") show(page + 1);
    if (event.key === "PageUp") show(page - 1);
  });
}());
