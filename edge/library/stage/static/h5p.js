/* The stage of H5P exercises: the vendored player, and what it says kept.

   - What the exercise says as xAPI is the learner's progress, score and answers; the statements themselves go along.
   - The exercise's own state is asked for at each of its words and when the page goes, and given back the next time.

   Written for Chrome 61: no modules, no optional chaining. */
(function () {
  "use strict";

  var scene = Stage.scene, PART = "exercise", ID = "exercise";
  var STATEMENTS_MAX = 50, ITEM_LETTERS_MAX = 120, SAVE_SECONDS = 10;
  var box = document.querySelector("[data-exercise]");
  var standing = { completionStatus: "incomplete", successStatus: "unknown", score: {}, totalTimeSeconds: 0, items: {} };
  var since = Date.now(), before = 0, waiting = [], isChanged = false;

  Stage.state(PART, function (kept) {
    if (kept) {
      standing = kept;
      before = kept.totalTimeSeconds || 0;
    }
    var options = {
      id: ID, h5pJsonPath: scene.base, frameJs: scene.frame + "frame.bundle.js", frameCss: scene.frame + "styles/h5p.css",
      customJs: scene.script, frame: false, icon: false, fullScreen: false, reportingIsEnabled: true,
      xAPIObjectIRI: scene.iri, saveFreq: SAVE_SECONDS
    };
    if (kept && kept.exercise) options.contentUserData = [{ state: kept.exercise }];
    new H5PStandalone.H5P(box, options).then(begin);
  });

  function begin() {
    H5P.externalDispatcher.on("xAPI", function (event) { hear(event.data.statement); });
    save(false);
    setInterval(function () { if (isStateNew()) save(false); }, SAVE_SECONDS * 1000);
    Stage.hear(function (isGone) { if (isChanged || isStateNew()) save(isGone); });
  }

  function hear(statement) {
    var verb = String(statement.verb && statement.verb.id).split("/").pop(), result = statement.result || {};
    var name = String(statement.object && statement.object.id).split("subContentId=")[1] || "";
    isChanged = true;
    waiting = waiting.concat([named(statement)]).slice(-STATEMENTS_MAX);
    if (typeof result.response === "string" && verb === "answered") answered(name, statement, result);
    if (!name && (verb === "answered" || verb === "completed")) ended(result);
    save(!name && (verb === "answered" || verb === "completed"));
  }

  /* The statement with an id and a moment of its own, so that it may be sent twice and is kept once. */
  function named(statement) {
    var copy = JSON.parse(JSON.stringify(statement)), bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = bytes[6] & 15 | 64;
    bytes[8] = bytes[8] & 63 | 128;
    var hex = Array.prototype.map.call(bytes, function (one) { return (256 + one).toString(16).slice(1); }).join("");
    copy.id = copy.id || hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    copy.timestamp = copy.timestamp || new Date().toISOString();
    delete copy.actor;
    return copy;
  }

  function answered(name, statement, result) {
    var definition = statement.object.definition || {}, words = definition.name || definition.description || {};
    var title = String(words[Object.keys(words)[0]] || "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
    standing.items[name || "0"] = {
      id: title.slice(0, ITEM_LETTERS_MAX) || name || scene.title, type: "other", learner_response: result.response,
      result: result.success === true ? "correct" : result.success === false ? "incorrect" : ""
    };
  }

  function ended(result) {
    standing.completionStatus = "completed";
    if (typeof result.success === "boolean") standing.successStatus = result.success ? "passed" : "failed";
    if (result.score) standing.score = { raw: result.score.raw, min: result.score.min, max: result.score.max, scaled: result.score.scaled };
  }

  /* What the exercise would be given back: its text, or nothing where it keeps none. */
  function exercise() {
    var frame = box.querySelector("iframe"), instances = (frame && frame.contentWindow.H5P || window.H5P).instances || [];
    try {
      var state = instances[0] && instances[0].getCurrentState && instances[0].getCurrentState();
      return state === undefined || state === null ? "" : JSON.stringify(state);
    } catch (unfinished) { return standing.exercise || ""; }
  }

  function isStateNew() { return exercise() !== (standing.exercise || ""); }

  function save(isLast) {
    isChanged = false;
    standing.exercise = exercise();
    standing.totalTimeSeconds = before + Math.round((Date.now() - since) / 1000);
    standing.runtimeData = { cmi: { interactions: standing.items } };
    Stage.put(PART, JSON.parse(JSON.stringify(standing)), isLast, waiting);
    waiting = [];
  }
})();
