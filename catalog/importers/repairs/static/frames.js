/* In the pages of a course that is made of frames: a menu in one of them may lead another.

   The box shows strangers' pages in a frame that leads no window but its own. Browsers then let no frame lead the one
   beside it; the page around both still may, so it is asked to.

   Written for Chrome 61: no modules, no optional chaining. */
(function () {
  "use strict";

  var GO = "qanatGo";
  if (window[GO]) return;

  /* Called by pages within this one: `way` is "href", "assign" and so on of the place that a frame of this page shows. */
  Object.defineProperty(window, GO, { value: function (frame, way, value) {
    if (typeof frame.location[way] === "function") frame.location[way](value);
    else frame.location[way] = value;
  } });

  /* The pages of the course around this one, from the nearest on. */
  var around = [];
  for (var page = above(window); page && page[GO]; page = above(page)) around.push(page);
  if (!around.length) return;

  /* The page that a frame lies in, whatever its pages call their parent; none where that is not of this course. */
  function above(frame) {
    try { return frame.frameElement && frame.frameElement.ownerDocument.defaultView; } catch (theirs) { return null; }
  }

  function absolute(address) { return new URL(String(address), document.baseURI).href; }

  function led(by, frame, way, value) {
    by[GO](frame, way, /^(href|assign|replace)$/.test(way) ? absolute(value) : value);
  }

  /* Who may lead the frame of this name, and that frame; nothing where it is this page's own affair. */
  function named(name) {
    if (/^_parent$/i.test(name)) return [around[0], around[0]];
    if (/^_top$/i.test(name)) return [around[around.length - 1], around[around.length - 1]];
    if (!name || name.charAt(0) === "_" || name === window.name || own(name)) return null;
    for (var at = 0; at < around.length; at++) {
      if (around[at].name === name) return [around[at], around[at]];
      for (var nth = 0; nth < around[at].length; nth++) {
        try { if (around[at][nth].name === name) return [around[at], around[at][nth]]; } catch (theirs) { /* not ours to lead */ }
      }
    }
    return null;
  }

  function own(name) {
    for (var nth = 0; nth < window.length; nth++) {
      try { if (window[nth].name === name) return true; } catch (theirs) { /* nobody of this course */ }
    }
    return false;
  }

  // ---- links -------------------------------------------------------------------------------------------------------

  window.addEventListener("click", function (event) {
    var link = event.target && event.target.closest && event.target.closest("a[href], area[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    var base = document.querySelector("base[target]");
    var found = named(link.getAttribute("target") || base && base.getAttribute("target") || "");
    if (!found || /^\s*(javascript|mailto|tel):/i.test(link.getAttribute("href"))) return;
    event.preventDefault();
    led(found[0], found[1], "href", link.href);
  });

  var open = window.open;
  window.open = function (address, name) {
    var found = address ? named(String(name || "")) : null;
    if (!found) return open.apply(window, arguments);
    led(found[0], found[1], "href", address);
    return found[1];
  };

  // ---- scripts: parent.main.location = "two.html" ------------------------------------------------------------------

  var seen = new Map();

  function shown(value, by) {
    var isWindow = false;
    try { isWindow = Boolean(value) && value.window === value && value !== window; } catch (theirs) { return value; }
    if (!isWindow || around.indexOf(value) < 0 && !isWithin(value, by)) return value;
    if (!seen.has(value)) seen.set(value, proxy(value, around.indexOf(value) < 0 ? by : value));
    return seen.get(value);
  }

  function isWithin(frame, page) {
    for (var outer = above(frame); outer; outer = above(outer)) if (outer === page) return true;
    return false;
  }

  function proxy(page, by) {
    return new Proxy(page, {
      get: function (_page, key) {
        if (key === "location") return place(page, by);
        var value = page[key];
        if (typeof value === "function" && /\[native code\]\s*\}$/.test(Function.prototype.toString.call(value)) && !value.prototype) {
          return value.bind(page);
        }
        return shown(value, by);
      },
      set: function (_page, key, value) {
        if (key === "location") led(by, page, "href", value);
        else page[key] = value;
        return true;
      }
    });
  }

  function place(page, by) {
    return new Proxy({}, {
      get: function (_none, key) {
        if (key === "assign" || key === "replace" || key === "reload") return function (address) { led(by, page, key, address); };
        if (key === "toString" || key === Symbol.toPrimitive) return function () { return page.location.href; };
        return page.location[key];
      },
      set: function (_none, key, value) {
        led(by, page, key, value);
        return true;
      }
    });
  }

  Object.defineProperty(window, "parent", { configurable: true, get: function () { return shown(around[0], around[0]); } });
})();
