/* The list of a package's parts: which there are, which is open, which may be opened.

   - What decides whether a part may be opened is the runtime's own affair (`mayOpen`); here it is only shown.
   - A part that may not be opened yet says why, and can still be read.

   Written for Chrome 61: no modules, no optional chaining. */
var Parts = (function () {
  "use strict";

  var scene = Stage.scene, words = scene.words;
  var list = document.getElementById("parts"), toggle = document.querySelector("[data-list]");
  var before = document.querySelector("[data-previous]"), after = document.querySelector("[data-next]");
  var all = [], by = {}, ways = null, isMoving = false;

  (function collect(parts, parent) {
    parts.forEach(function (part) {
      part.parent = parent;
      by[part.id] = part;
      all.push(part);
      collect(part.parts, part);
    });
  })(scene.parts, null);

  var playable = all.filter(function (part) { return part.address; });

  /* `chosen` says what happens when somebody chooses, or goes on or back; `mayOpen` and `standing` are asked for each. */
  function begin(given) {
    ways = given;
    if (!list) return;
    toggle.addEventListener("click", function () { open(list.hidden); });
    before.addEventListener("click", function () { ways.previous(); });
    after.addEventListener("click", function () { ways.next(); });
    draw();
  }

  function open(isOpen) {
    if (!list) return;
    list.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
    var here = isOpen && list.querySelector("[aria-current]");
    if (here) here.focus();
  }

  function draw() {
    if (!list || !ways) return;
    list.textContent = "";
    list.appendChild(drawn(scene.parts));
    before.disabled = isMoving || !ways.hasPrevious();
    after.disabled = isMoving || !ways.hasNext();
  }

  function drawn(parts) {
    var ol = document.createElement("ol");
    parts.forEach(function (part) {
      if (part.hidden && !part.parts.length) return;
      var li = document.createElement("li");
      if (!part.hidden) li.appendChild(part.address ? door(part) : heading(part));
      if (part.parts.length) li.appendChild(drawn(part.parts));
      ol.appendChild(li);
    });
    return ol;
  }

  function heading(part) {
    var b = document.createElement("b");
    b.textContent = part.title;
    b.dir = "auto";
    return b;
  }

  function door(part) {
    var button = document.createElement("button"), small = document.createElement("small");
    var standing = ways.standing(part), isOpen = ways.mayOpen(part);
    button.type = "button";
    button.textContent = part.title;
    button.dir = "auto"; // in the course's own language, whatever the page's is
    small.textContent = !isOpen ? words.locked : standing.is_completed ? words.done : standing.is_begun ? words.begun : "";
    small.className = standing.is_completed ? "done" : "";
    if (small.textContent) button.appendChild(small);
    button.disabled = !isOpen || isMoving;
    if (ways.current() === part) button.setAttribute("aria-current", "step");
    button.addEventListener("click", function () { open(false); ways.chosen(part); });
    return button;
  }

  return {
    all: all, playable: playable, by: by, begin: begin, draw: draw, open: open,
    moving: function (is) { isMoving = is; draw(); }
  };
})();
