/* Files in parts. A form marked data-parts sends its files in numbered parts; what has come stays at the hub, whatever
   happens to this page: the same files chosen again, and only the rest is sent. Without this script the form sends them whole.

   Written for Chrome 61. Words come from the page, in its language (data-* of our script element). */
(function () {
  "use strict";

  var words = document.currentScript.dataset, TRIES_MAX = 6, PAUSE_SECONDS = 2;

  document.addEventListener("submit", function (event) {
    var form = event.target, field = form.querySelector("input[type=file]"), pressed = event.submitter || document.activeElement;
    if (!form.dataset.parts || !field || !field.files.length || !window.fetch) return;
    if (form.dataset.parts === "/publish/drafts" && !(pressed && pressed.value === "look")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!form.dataset.isSending) send(form, field.files);
  }, true);

  function send(form, files) {
    var csrf = form.querySelector("[name=csrf]").value, bar = barIn(form), all = 0, left = 0;
    form.dataset.isSending = "yes";
    Array.prototype.forEach.call(files, function (file) { all += file.size; });
    begin().then(announce).then(sendAll).then(function (draft) {
      return ask("/publish/" + draft + "/import", new FormData()).then(function () { location.assign("/publish/" + draft); });
    }).catch(function (error) {
      delete form.dataset.isSending;
      bar.stop(error && error.words || words.stopped);
    });

    function begin() {
      var found = /^\/publish\/([^\/]+)\/files$/.exec(form.dataset.parts);
      if (found) return Promise.resolve(found[1]);
      var fields = new FormData(form);
      fields.delete("files");
      return ask(form.dataset.parts, fields).then(function (said) {
        /* From here on a page that is loaded again finds the draft. */
        history.replaceState(null, "", "/publish/" + said.draft);
        form.dataset.parts = "/publish/" + said.draft + "/files";
        return said.draft;
      });
    }

    function announce(draft) {
      var fields = new FormData();
      Array.prototype.forEach.call(files, function (file) {
        fields.append("name", file.name);
        fields.append("size", file.size);
      });
      return ask("/publish/" + draft + "/files", fields);
    }

    function sendAll(said) {
      var steps = Promise.resolve();
      Array.prototype.forEach.call(files, function (file) {
        var known = said.files.filter(function (one) { return one.size === file.size && one.name === file.name; })[0];
        if (!known) return;
        known.missing.forEach(function (chunk) {
          left += partOf(file, chunk).size;
          steps = steps.then(function () {
            var part = partOf(file, chunk);
            return ask("/publish-parts/" + said.draft + "/" + known.number + "/" + chunk, part, TRIES_MAX).then(function () {
              left -= part.size;
              bar.at(all - left, all);
            });
          });
        });
      });
      function partOf(file, chunk) { return file.slice(chunk * said.chunk_bytes, (chunk + 1) * said.chunk_bytes); }
      return steps.then(function () { return said.draft; });
    }

    /* A lost answer repeats the same part, which is harmless; what the hub refuses in words is not repeated. */
    function ask(url, body, tries) {
      return fetch(url, { method: "POST", body: body, credentials: "same-origin", headers: { "X-Csrf": csrf } }).then(function (answer) {
        if (answer.redirected || answer.ok) return answer.headers.get("Content-Type") === "application/json" ? answer.json() : {};
        if (answer.status >= 500) throw new Error(String(answer.status));
        return answer.text().then(function (text) {
          var page = new DOMParser().parseFromString(text, "text/html"), title = page.querySelector("h1"), hint = page.querySelector("main p");
          throw { words: [title, hint].filter(Boolean).map(function (one) { return one.textContent; }).join(" ") };
        });
      }).catch(function (error) {
        if (error.words || !(tries > 1)) throw error;
        return new Promise(function (go) { setTimeout(go, PAUSE_SECONDS * 1000 * (TRIES_MAX - tries + 1)); }).then(function () {
          return ask(url, body, tries - 1);
        });
      });
    }
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
        line.textContent = words.sending + " · " + (Math.floor(100 * done / total) / 100).toLocaleString(document.documentElement.lang, { style: "percent" });
      },
      stop: function (text) {
        meter.remove();
        bar.className = "note bad";
        line.textContent = text;
      }
    };
  }
})();
