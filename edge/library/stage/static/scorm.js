/* The runtime of SCORM packages: the vendored scorm-again, one sitting of one part after the other.

   - A part finds the runtime as `API` (1.2) or `API_1484_11` (2004) on the window around it.
   - What was kept is given back before the part starts; what it says is kept when it says it, not only at its end.
   - A part that ends and begins again (each page of old courses does) finds a fresh runtime with what it left.
   - Parts of 1.2 may ask for others first (prerequisites); those of 2004 with an order of their own are in sequenced.js.

   Written for Chrome 61: no modules, no optional chaining. */
var Scorm = (function () {
  "use strict";

  var scene = Stage.scene, is2004 = scene.version === "2004";
  var room = document.querySelector("[data-room]");
  var SAVE_SECONDS = 1.5, UNLOAD_MILLISECONDS_MAX = 1500;
  var isSequenced = is2004 && Boolean(scene.sequencing) && Parts.playable.length > 1;
  var open = null;

  // ---- where the learner stands ------------------------------------------------------------------------------------

  var standings = {};
  Parts.playable.forEach(function (part) {
    var kept = scene.kept[part.id];
    standings[part.id] = kept
      ? { is_begun: true, is_completed: kept.is_completed, is_passed: kept.is_passed, status: statusOf(kept) }
      : { is_begun: false, is_completed: false, is_passed: null, status: "not attempted" };
  });

  function statusOf(kept) {
    if (kept.is_passed !== null) return kept.is_passed ? "passed" : "failed";
    return kept.is_completed ? "completed" : "incomplete";
  }

  function learnt(part, data) {
    var success = data.successStatus, completion = data.completionStatus;
    var is_completed = completion === "completed" || (success === "passed" && completion !== "incomplete");
    var is_passed = success === "passed" ? true : success === "failed" ? false : null;
    var standing = { is_begun: true, is_completed: is_completed, is_passed: is_passed };
    standing.status = statusOf(standing);
    standings[part.id] = standing;
    Parts.draw();
  }

  /* A prerequisite of AICC scripts: names of parts, & | ~ = <> ( ) and n*{a, b, c}. What is not one lets everybody in. */
  function mayOpen(part) {
    for (var one = part; one; one = one.parent) {
      if (one.prerequisites && !holds(one.prerequisites)) return false;
    }
    return true;
  }

  function holds(script) {
    var words = script.match(/<>|[&|~=(){},*]|"[^"]*"|[^\s&|~=(){},*<>"]+/g) || [], at = 0;
    try {
      var value = either();
      return at < words.length || value;
    } catch (unread) { return true; }

    function either() { var value = both(); while (words[at] === "|") { at++; value = both() || value; } return value; }
    function both() { var value = one(); while (words[at] === "&") { at++; value = one() && value; } return value; }
    function one() {
      var word = words[at++];
      if (word === undefined) throw new Error("it ends early");
      if (word === "~") return !one();
      if (word === "(") { var inner = either(); if (words[at++] !== ")") throw new Error("a bracket is missing"); return inner; }
      if (words[at] === "*" && /^\d+$/.test(word)) return some(Number(word));
      if (words[at] === "=" || words[at] === "<>") {
        var isSame = words[at++] === "=", wanted = (words[at++] || "").replace(/"/g, "").toLowerCase();
        return (status(word) === (LETTERS[wanted] || wanted)) === isSame;
      }
      return /^(passed|completed)$/.test(status(word));
    }
    function some(wanted) {
      at++;
      if (words[at++] !== "{") throw new Error("a set is missing");
      var count = 0;
      for (;;) {
        if (one()) count++;
        var next = words[at++];
        if (next === "}") return count >= wanted;
        if (next !== ",") throw new Error("a comma is missing");
      }
    }
    function status(name) {
      var part = Parts.by[name.replace(/"/g, "")];
      if (!part) throw new Error("no such part");
      if (standings[part.id]) return standings[part.id].status;
      var own = part.parts.map(function (inner) { return status(inner.id); });
      return own.length && own.every(function (each) { return /^(passed|completed)$/.test(each); }) ? "completed" : "incomplete";
    }
  }

  var LETTERS = { p: "passed", c: "completed", f: "failed", i: "incomplete", b: "browsed", n: "not attempted" };

  // ---- the runtime -------------------------------------------------------------------------------------------------

  function settingsFor(kept) {
    return {
      lmsCommitUrl: "~state", renderCommonCommitFields: true, alwaysSendTotalTime: true, autocommit: false,
      logLevel: 5, uninitializedGetLogLevel: 5, mastery_override: !is2004,
      httpService: { processHttpRequest: kept, updateSettings: function () {} }
    };
  }

  function runtime(part, given) {
    var state = fitting(given), settings = settingsFor(kept), api = is2004 ? new Scorm2004API(settings) : new Scorm12API(settings);
    var own = { api: api, part: part, isDirty: false, timer: 0, isOver: false };

    function kept(_address, data, isLast) {
      own.isDirty = false;
      clearTimeout(own.timer);
      own.timer = 0;
      keep(own, data, isLast);
      return { result: "true", errorCode: 0 };
    }

    api.loadFromJSON(is2004 ? given2004(part, state) : given12(part, state), "cmi");
    api.on(is2004 ? "SetValue.cmi.*" : "LMSSetValue.cmi.*", function () { dirty(own); });
    api.on(is2004 ? "Terminate" : "LMSFinish", function () { setTimeout(function () { over(own); }, 0); });
    api.on("SequenceNext", function () { own.going = "next"; });
    api.on("SequencePrevious", function () { own.going = "previous"; });
    return own;
  }

  function install(own) {
    open = own;
    window[is2004 ? "API_1484_11" : "API"] = own.api;
  }

  function dirty(own) {
    own.isDirty = true;
    if (!own.timer) own.timer = setTimeout(function () { own.timer = 0; save(own, false); }, SAVE_SECONDS * 1000);
  }

  /* Keep what the part has said, though it has not asked for it: it may never get to. */
  function save(own, isLast) {
    if (!own.isDirty || !own.api.isInitialized()) return;
    own.isDirty = false;
    keep(own, own.api.renderCommitObject(false, true), isLast);
  }

  function keep(own, data, isLast) {
    var plain = JSON.parse(JSON.stringify(data));
    own.state = plain;
    learnt(own.part, plain);
    Stage.put(own.part.id, plain, isLast);
  }

  /* The part has ended. Its next page may begin again: it finds what it left. */
  function over(own) {
    if (own !== open || own.isOver) return;
    own.isOver = true;
    var going = own.going;
    install(runtime(own.part, own.state || null));
    if (going === "next" && hasNext()) launch(beside(1));
    else if (going === "previous" && hasPrevious()) launch(beside(-1));
    else if (Parts.playable.length > 1) Stage.say(scene.words.closed + (hasNext() ? "" : " " + scene.words.over));
  }

  function given12(part, state) {
    var cmi = copied(state), core = cmi.core || {};
    var isResumed = Boolean(state) && (core.exit === "suspend" || !/^(completed|passed|failed)$/.test(core.lesson_status || ""));
    cmi.core = {
      student_id: scene.learner.id, student_name: scene.learner.name, credit: "credit", lesson_mode: "normal",
      lesson_location: core.lesson_location || "", lesson_status: core.lesson_status || "not attempted",
      entry: !state ? "ab-initio" : isResumed ? "resume" : "", total_time: core.total_time || "0000:00:00.00",
      score: core.score || {}
    };
    cmi.launch_data = part.launch_data || "";
    cmi.student_data = {
      mastery_score: part.mastery || "", max_time_allowed: part.max_time || "", time_limit_action: part.limit_action || ""
    };
    return cmi;
  }

  function copied(state) {
    return JSON.parse(JSON.stringify(state && state.runtimeData && state.runtimeData.cmi || {}));
  }

  /* What another version of SCORM left, before the course was made anew, says nothing to this one. */
  function fitting(state) {
    var cmi = state && state.runtimeData && state.runtimeData.cmi;
    return cmi && Boolean(cmi.core) === is2004 ? null : state;
  }

  function given2004(part, state) {
    var cmi = copied(state);
    var isOver = cmi.exit !== "suspend" && cmi.completion_status === "completed";
    var total = cmi.total_time || "PT0S", sequencing = part.sequencing || {};
    // What was finished and not suspended begins anew; what was left in the middle goes on, however it was left.
    var given = state && !isOver ? cmi : { learner_preference: cmi.learner_preference || {} };
    given.entry = !state ? "ab-initio" : isOver ? "" : "resume";
    given.total_time = isOver ? "PT0S" : total;
    given.learner_id = scene.learner.id;
    given.learner_name = scene.learner.name;
    given.credit = "credit";
    given.mode = "normal";
    given.launch_data = part.launch_data || "";
    if (sequencing.attemptAbsoluteDurationLimit) given.max_time_allowed = sequencing.attemptAbsoluteDurationLimit;
    given.time_limit_action = part.limit_action || "continue,no message";
    var goal = sequencing.primaryObjective || {}, threshold = sequencing.completionThreshold || {};
    if (goal.satisfiedByMeasure) given.scaled_passing_score = String(goal.minNormalizedMeasure === undefined ? 1 : goal.minNormalizedMeasure);
    if (threshold.completedByMeasure !== false && threshold.minProgressMeasure !== undefined) {
      given.completion_threshold = String(threshold.minProgressMeasure);
    }
    delete given.exit;
    delete given.session_time;
    return given;
  }

  // ---- one part after the other ------------------------------------------------------------------------------------

  /* Leave the part that is open, then open another: leaving runs what the part does at its end. */
  function launch(part) {
    if (!part) return;
    Parts.moving(true);
    Stage.say("");
    leave(function () {
      Stage.state(part.id, function (state) {
        if (Parts.playable.length > 1) Stage.put("", { current: part.id }, false);
        if (part.sco) install(runtime(part, state));
        else {
          open = { part: part, api: null };
          delete window.API;
          delete window.API_1484_11;
          // A page without a runtime is finished when it is seen.
          keep(open, { completionStatus: "completed", successStatus: "unknown", totalTimeSeconds: 0 }, true);
        }
        room.src = part.address;
        room.title = part.title;
        Parts.moving(false);
      });
    });
  }

  function leave(then) {
    if (!open) return then();
    var own = open, isDone = false, timer = setTimeout(done, UNLOAD_MILLISECONDS_MAX);
    room.addEventListener("load", done);
    room.src = "about:blank";
    function done() {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      room.removeEventListener("load", done);
      if (own.api && open === own && own.api.isInitialized()) finish(own);
      open = null;
      then();
    }
  }

  /* A part that was left without a word of farewell has ended all the same. */
  function finish(own) {
    own.isOver = true;
    if (is2004) own.api.Terminate(""); else own.api.LMSFinish("");
  }

  function here() { return open ? open.part : null; }

  function beside(step) {
    var at = Parts.playable.indexOf(here());
    for (at += step; at >= 0 && at < Parts.playable.length; at += step) {
      if (mayOpen(Parts.playable[at]) && !Parts.playable[at].hidden) return Parts.playable[at];
    }
    return null;
  }

  function hasNext() { return beside(1) !== null; }
  function hasPrevious() { return beside(-1) !== null; }

  function first() {
    var shared = scene.states[""] ? JSON.parse(scene.states[""]) : {};
    var was = Parts.by[shared.current];
    if (was && was.address && mayOpen(was)) return was;
    var open = Parts.playable.filter(function (part) { return mayOpen(part) && !part.hidden; });
    return open.filter(function (part) { return !standings[part.id].is_completed; })[0] || open[0] || Parts.playable[0];
  }

  function begin() {
    Stage.hear(function (isGone) { if (open && open.api) save(open, isGone); });
    Parts.begin({
      standing: function (part) { return standings[part.id]; },
      mayOpen: mayOpen,
      current: here,
      chosen: launch,
      hasNext: hasNext, hasPrevious: hasPrevious,
      next: function () { launch(beside(1)); },
      previous: function () { launch(beside(-1)); }
    });
    launch(first());
  }

  if (!isSequenced) begin();

  return {
    isSequenced: isSequenced, room: room, standings: standings, settingsFor: settingsFor, given2004: given2004, fitting: fitting,
    learnt: learnt, SAVE_SECONDS: SAVE_SECONDS, UNLOAD_MILLISECONDS_MAX: UNLOAD_MILLISECONDS_MAX
  };
})();
