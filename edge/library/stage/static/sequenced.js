/* SCORM 2004 packages with several parts: which part comes next, the package's own rules say.

   - The rules are run by the vendored runtime, one for the whole sitting; here parts are only opened as it delivers them.
   - Where the package stands (what was tried, what its parts have in common) is kept beside the parts, and given back.
   - Going on, going back and choosing are asked of the runtime first: a button that it would refuse cannot be pressed.

   Written for Chrome 61: no modules, no optional chaining. */
(function () {
  "use strict";

  if (!Scorm.isSequenced) return;

  /* A limit that the part is told and keeps itself; the runtime would close whatever has one. */
  var DURATION = "attemptAbsoluteDurationLimit";
  var scene = Stage.scene, room = Scorm.room;
  var delivered = null, open = null, isDirty = false, timer = 0, isChanged = false, isMoving = false;
  var settings = Scorm.settingsFor(kept);
  settings.sequencing = {
    activityTree: treeOf({ id: scene.id, title: scene.title, parts: scene.parts, sequencing: scene.sequencing }),
    eventListeners: { onActivityDelivery: function (activity) { delivered = activity.id; } },
    logLevel: "error"
  };
  var api = new Scorm2004API(settings);
  api.on("SetValue.cmi.*", dirty);
  api.on("Terminate", function () { setTimeout(over, 0); });

  function treeOf(part) {
    var sequencing = part.sequencing || {}, tree = { id: part.id, title: part.title, isVisible: !part.hidden };
    Object.keys(sequencing).forEach(function (name) { if (name !== DURATION) tree[name] = sequencing[name]; });
    if (part.parts.length) tree.children = part.parts.map(treeOf);
    return tree;
  }

  function process() { return api.getSequencingService().getOverallSequencingProcess(); }

  // ---- keeping -----------------------------------------------------------------------------------------------------

  function kept(_address, data, isLast) {
    isDirty = false;
    clearTimeout(timer);
    timer = 0;
    keep(data, isLast);
    return { result: "true", errorCode: 0 };
  }

  function keep(data, isLast) {
    if (!open) return;
    var plain = JSON.parse(JSON.stringify(data));
    // The runtime adds what all parts share to each: it is kept once, for the package.
    delete plain.globalObjectives;
    delete plain.sharedData;
    // What it says of the whole package stands there, too; here is what this part said.
    var cmi = plain.runtimeData.cmi;
    plain.completionStatus = cmi.completion_status;
    plain.successStatus = cmi.success_status;
    plain.score = cmi.score;
    Scorm.learnt(open, plain);
    isChanged = true;
    Stage.put(open.id, plain, isLast);
  }

  function dirty() {
    isDirty = true;
    if (!timer) timer = setTimeout(function () { timer = 0; save(false); }, Scorm.SAVE_SECONDS * 1000);
  }

  function save(isLast) {
    if (!isDirty || !api.isInitialized()) return;
    isDirty = false;
    keep(api.renderCommitObject(false, true), isLast);
  }

  /* Where the package as a whole stands. */
  function note(isLast) {
    var root = api.getActivityTrackingData(scene.id) || {};
    isChanged = false;
    Stage.put("", {
      current: open ? open.id : null, order: api.serializeSequencingState(),
      completionStatus: root.completionStatus, successStatus: root.successStatus,
      score: root.score === null || root.score === undefined ? {} : { scaled: root.score }
    }, isLast);
  }

  Stage.hear(function (isGone) {
    save(isGone);
    if (isChanged) note(isGone);
  });

  // ---- moving ------------------------------------------------------------------------------------------------------

  /* Ask the runtime for a move, once the part that is open has had its last word. */
  function go(request, target) {
    if (isMoving) return;
    moving(true);
    Stage.say("");
    leave(function () {
      if (request === "start") api.processNavigationRequest("exitAll");
      delivered = null;
      api.processNavigationRequest(request, target);
      arrive();
    });
  }

  /* Open what the runtime delivered; nothing delivered: the learner chooses, or has come to the end. */
  function arrive() {
    var part = delivered && Scorm.standings[delivered] ? Parts.by[delivered] : null;
    delivered = null;
    if (part) return show(part);
    open = null;
    note(false);
    moving(false);
    var isChoice = Parts.playable.some(function (one) { return process().predictChoiceEnabled(one.id); });
    Stage.say(isChoice ? scene.words.choose : scene.words.over);
    if (isChoice) Parts.open(true);
  }

  function show(part) {
    Stage.state(part.id, function (state) {
      open = part;
      api.reset(undefined, { preserveListeners: true });
      api.loadFromJSON(Scorm.given2004(part, Scorm.fitting(state)), "cmi");
      window.API_1484_11 = api;
      note(false);
      if (!part.sco) {
        // A page without a runtime is finished when it is seen; the runtime hears it from us.
        api.Initialize("");
        api.SetValue("cmi.completion_status", "completed");
      }
      room.src = part.address;
      room.title = part.title;
      moving(false);
    });
  }

  /* A part ended by itself: it may have asked for the next one, which is delivered by now. */
  function over() {
    if (isMoving || !open) return;
    if (!delivered) {
      note(true);
      Parts.draw();
      Stage.say(scene.words.closed + (process().predictContinueEnabled() ? "" : " " + scene.words.choose));
      return;
    }
    moving(true);
    room.src = "about:blank";
    arrive();
  }

  /* A newer version of the course may have other parts: then it begins anew, and what was finished stays finished. */
  function isRestored(order) {
    try { return api.deserializeSequencingState(order); } catch (changed) { return false; }
  }

  function leave(then) {
    if (!open) return then();
    var isDone = false, late = setTimeout(done, Scorm.UNLOAD_MILLISECONDS_MAX);
    room.addEventListener("load", done);
    room.src = "about:blank";
    function done() {
      if (isDone) return;
      isDone = true;
      clearTimeout(late);
      room.removeEventListener("load", done);
      if (api.isInitialized()) api.Terminate("");
      then();
    }
  }

  function moving(is) {
    isMoving = is;
    Parts.moving(is);
  }

  // ---- beginning ---------------------------------------------------------------------------------------------------

  Parts.begin({
    standing: function (part) { return Scorm.standings[part.id]; },
    mayOpen: function (part) { return part === open || process().predictChoiceEnabled(part.id); },
    current: function () { return open; },
    chosen: function (part) { if (part !== open) go("choice", part.id); },
    // After the end the package begins anew: what was finished stays finished.
    hasNext: function () { return !open || process().predictContinueEnabled(); },
    hasPrevious: function () { return process().predictPreviousEnabled(); },
    next: function () { go(open ? "continue" : "start"); },
    previous: function () { go("previous"); }
  });

  Stage.state("", function (shared) {
    var was = shared && shared.order && isRestored(shared.order) ? api.getSequencingState().currentActivity : null;
    var part = was && Scorm.standings[was.id] ? Parts.by[was.id] : null;
    if (part && shared.current === part.id) return show(part);
    if (part) return arrive();
    delivered = null;
    api.processNavigationRequest("start");
    for (var at = 0; !delivered && at < Parts.playable.length; at++) api.processNavigationRequest("choice", Parts.playable[at].id);
    // Rules that let nobody begin are a mistake of whoever wrote them.
    var isNew = Parts.playable.every(function (one) { return !Scorm.standings[one.id].is_begun; });
    if (!delivered && isNew && Parts.playable.length) delivered = Parts.playable[0].id;
    arrive();
  });
})();
