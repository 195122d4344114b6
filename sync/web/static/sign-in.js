/* Qanat: signing in without sending the password. Only on pages that ask for one; stablelib.js stands before it.

   - A form marked data-talk="ADDRESS" is sent with a proof in place of the password: the field marked data-proves is
     proven for the name in data-name (or in the field "name"), of the field marked data-sets a verifier is sent.
     Neither field has a name, so that the browser itself cannot send them.
   - Parts marked data-shown are filled with what the box or hub shows to this browser alone, when the page opens.
   - A form marked data-stays is sent from here: a "no" takes the place of the part data-answer, all else stays.
   - Messages are SCRAM's (RFC 5802), sealed by X25519 and ChaCha20-Poly1305; sync/web/challenge is the other side.

   Written for Chrome 61. It hides nothing from whoever can change what is sent; only HTTPS does. */
(function () {
  "use strict";

  var words = document.currentScript.dataset, lib = window.stablelib;
  var COST = 32768, COST_MIN = 16384, COST_MAX = 262144, BLOCK = 8, KEY_BYTES = 32, SALT_BYTES = 16, NONCE_BYTES = 18;
  var PATIENCE_SECONDS = 20, PURPOSE = utf8("qanat sign-in 1");

  // ---- bytes -------------------------------------------------------------------------------------------------------

  function utf8(text) { return new TextEncoder().encode(text); }
  function plain(bytes) { return new TextDecoder().decode(bytes); }
  function drawn(count) { return crypto.getRandomValues(new Uint8Array(count)); }

  function base64(bytes) { return btoa(String.fromCharCode.apply(null, bytes)); }
  function forAddress(bytes) { return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, ""); }

  function bytesOf(text) {
    var letters = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(letters, function (letter) { return letter.charCodeAt(0); });
  }

  function joined(one, other) {
    var both = new Uint8Array(one.length + other.length);
    both.set(one);
    both.set(other, one.length);
    return both;
  }

  function hmac(key, data) { return lib.hmac(lib.SHA256, key, data); }

  // ---- one talk ----------------------------------------------------------------------------------------------------

  /* Begin a talk about this name's password (or about none), and hear the answer. */
  function begin(address, csrf, name) {
    var secret = drawn(KEY_BYTES), own = lib.scalarMultBase(secret);
    var nonce = forAddress(drawn(NONCE_BYTES)), bare = "n=" + forAddress(utf8(name)) + ",r=" + nonce;
    var fields = new URLSearchParams({ csrf: csrf, key: forAddress(own) });
    if (name) fields.set("first", "n,," + bare);
    return post(address, fields).then(function (answer) {
      var theirs = bytesOf(answer.key);
      var keys = new lib.HKDF(lib.SHA256, lib.sharedKey(secret, theirs, true), joined(own, theirs), PURPOSE).expand(2 * KEY_BYTES);
      var shown = opened(keys.subarray(KEY_BYTES), bytesOf(answer.sealed));
      return { id: answer.talk, key: keys.subarray(0, KEY_BYTES), bare: bare, nonce: nonce, shown: shown };
    });
  }

  /* Each key seals one message, so that the first nonce is the only one. */
  function sealed(key, said) {
    return forAddress(new lib.ChaCha20Poly1305(key).seal(new Uint8Array(12), utf8(JSON.stringify(said))));
  }

  function opened(key, bytes) {
    var data = new lib.ChaCha20Poly1305(key).open(new Uint8Array(12), bytes);
    if (!data) throw new Error("sealed by somebody else");
    return JSON.parse(plain(data));
  }

  function post(address, fields) {
    return new Promise(function (resolve, reject) {
      var request = new XMLHttpRequest();
      request.open("POST", address);
      request.timeout = PATIENCE_SECONDS * 1000;
      request.onload = function () {
        if (request.status === 200) resolve(JSON.parse(request.responseText));
        else reject(new Error(request.status));
      };
      request.onerror = request.ontimeout = reject;
      request.send(fields);
    });
  }

  // ---- SCRAM -------------------------------------------------------------------------------------------------------

  function stretched(password, salt, cost) {
    return new lib.Scrypt(cost, BLOCK, 1).deriveKeyNonBlocking(utf8(password.normalize("NFKC")), salt, KEY_BYTES);
  }

  function proof(talk, password) {
    var asked = {};
    talk.shown.first.split(",").forEach(function (part) { asked[part[0]] = part.slice(2); });
    var cost = Number(asked.i);
    if (asked.r.indexOf(talk.nonce) !== 0 || !(cost >= COST_MIN && cost <= COST_MAX)) throw new Error("a proof that is easy to guess from");
    return stretched(password, bytesOf(asked.s), cost).then(function (salted) {
      var key = hmac(salted, utf8("Client Key")), bare = "c=biws,r=" + asked.r;
      var signature = hmac(lib.hash(key), utf8(talk.bare + "," + talk.shown.first + "," + bare));
      return bare + ",p=" + base64(key.map(function (byte, at) { return byte ^ signature[at]; }));
    });
  }

  function verifierOf(password) {
    var salt = drawn(SALT_BYTES);
    return stretched(password, salt, COST).then(function (salted) {
      return {
        salt: base64(salt),
        stored: base64(lib.hash(hmac(salted, utf8("Client Key")))),
        server: base64(hmac(salted, utf8("Server Key")))
      };
    });
  }

  // ---- forms -------------------------------------------------------------------------------------------------------

  function csrfOf(form) { return form.querySelector("[name=csrf]").value; }

  function nameOf(form) {
    if (!form.querySelector("[data-proves]")) return "";
    return form.dataset.name || form.querySelector("[name=name]").value.trim();
  }

  function prove(form) {
    var proves = form.querySelector("[data-proves]"), sets = form.querySelector("[data-sets]"), said = {}, talk;
    return begin(form.dataset.talk, csrfOf(form), nameOf(form)).then(function (begun) {
      talk = begun;
      return proves ? proof(talk, proves.value) : null;
    }).then(function (final) {
      if (final) said.final = final;
      return sets && sets.value ? verifierOf(sets.value) : null;
    }).then(function (verifier) {
      if (verifier) said.verifier = verifier;
      put(form, "talk", talk.id);
      put(form, "sealed", sealed(talk.key, said));
    });
  }

  function put(form, name, value) {
    var field = form.querySelector("[type=hidden][name=" + name + "]");
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.appendChild(field);
    }
    field.value = value;
  }

  function working(form, text) {
    var line = form.querySelector("[data-working]");
    if (!line) {
      line = document.createElement("p");
      line.dataset.working = "";
      line.setAttribute("role", "status");
      form.appendChild(line);
    }
    line.textContent = text;
  }

  function hold(event) {
    var form = event.currentTarget, button = form.querySelector("button");
    event.preventDefault();
    if (form.dataset.isProving) return;
    form.dataset.isProving = "yes";
    working(form, words.proving);
    if (button) button.disabled = true;
    prove(form).then(function () {
      if (!("stays" in form.dataset)) form.submit();
      else return send(form).then(function () { ready(""); });
    }).catch(function () { ready(words.failed); });

    function ready(text) {
      delete form.dataset.isProving;
      working(form, text);
      if (button) button.disabled = false;
    }
  }

  /* Go where a "yes" leads; put a "no" where the last one stood. */
  function send(form) {
    return new Promise(function (resolve, reject) {
      var request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.responseType = "document";
      request.timeout = PATIENCE_SECONDS * 1000;
      request.onload = function () {
        var said = request.response && request.response.querySelector("[data-answer]");
        if (request.status < 400) location.assign(request.responseURL);
        else if (!said) reject(new Error(request.status));
        else {
          document.querySelector("[data-answer]").replaceWith(document.adoptNode(said));
          said.scrollIntoView();
          if (said.dataset.answer) fill(document.querySelector("[data-shows]"));
          resolve();
        }
      };
      request.onerror = request.ontimeout = reject;
      request.send(new URLSearchParams(new FormData(form)));
    });
  }

  /* A page that was left comes back as it stood: its button must work again. */
  addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });

  Array.prototype.forEach.call(document.querySelectorAll("form[data-talk]"), function (form) {
    form.addEventListener("submit", hold);
  });

  // ---- what is shown to this browser alone -------------------------------------------------------------------------

  Array.prototype.forEach.call(document.querySelectorAll("[data-shows]"), fill);

  function fill(part) {
    var form = document.getElementById(part.dataset.form);
    begin(part.dataset.shows, csrfOf(form), "").then(function (talk) {
      Array.prototype.forEach.call(part.querySelectorAll("[data-shown]"), function (place) { show(place, talk.shown[place.dataset.shown]); });
      put(form, "shown", talk.id);
      put(form, "seen", sealed(talk.key, {}));
      part.hidden = false;
    }, function () { working(form, words.failed); });
  }

  function show(place, value) {
    place.textContent = place.tagName === "A" ? place.textContent : "";
    if (place.tagName === "IMG") place.src = value;
    else if (place.tagName === "A") place.href = value;
    else if (!Array.isArray(value)) place.textContent = value;
    else value.forEach(function (text) {
      var row = document.createElement("li");
      row.textContent = text;
      row.dir = "ltr";
      place.appendChild(row);
    });
  }
})();
