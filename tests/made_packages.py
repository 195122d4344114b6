"""Small packages of our own: what an importer or a player has to bear, and nothing else in them.

* Each is written as a zip where a test asks for it; nothing of anybody else's is in it.
* Their one page is a SCO that says what it found and does what its buttons say, in 1.2 or 2004.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SCO = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Part</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<h1>__TITLE__</h1>
<p>Entry: <b id="entry"></b></p><p>Suspended: <b id="suspended"></b></p><p>Location: <b id="location"></b></p>
<p>Who: <b id="who"></b></p><p>Launch data: <b id="data"></b></p><p>Time: <b id="time"></b></p>
<fieldset disabled>
<p><button id="answer">Answer</button> <button id="wrong">Answer wrongly</button> <button id="write">Write only</button>
<button id="long">Write much</button> <button id="half">Half of it</button>
<button id="finish">Finish</button> <button id="pass">Pass with 85</button>
<button id="fail">Fail with 20</button> <button id="leave">Leave</button> <button id="goon">Go on</button></p>
</fieldset>
<p id="said"></p>
<script>
var is2004 = __IS_2004__;
function find(from) {
  for (var win = from, n = 0; win && n < 20; win = win.parent, n++) {
    try { if (is2004 ? win.API_1484_11 : win.API) return is2004 ? win.API_1484_11 : win.API; }
    catch (other) { return null; }
    if (win.parent === win) return null;
  }
}
var api = find(window.parent), P = is2004 ? "cmi." : "cmi.core.", isOver = false;
function get(name) { return is2004 ? api.GetValue(name) : api.LMSGetValue(name); }
function set(name, value) {
  var done = is2004 ? api.SetValue(name, value) : api.LMSSetValue(name, value);
  if (String(done) !== "true") say("refused " + name + " " + (is2004 ? api.GetLastError() : api.LMSGetLastError()));
  return done;
}
function commit() { say(String(is2004 ? api.Commit("") : api.LMSCommit(""))); }
function end() { if (!isOver) { isOver = true; is2004 ? api.Terminate("") : api.LMSFinish(""); } }
function say(text) { document.getElementById("said").textContent = text; }
function show(id, text) { document.getElementById(id).textContent = text; }
function on(id, then) { document.getElementById(id).onclick = then; }
function answer(value, result) {
  var n = get("cmi.interactions._count");
  set("cmi.interactions." + n + ".id", "question-1");
  set("cmi.interactions." + n + ".type", "choice");
  set("cmi.interactions." + n + (is2004 ? ".learner_response" : ".student_response"), value);
  set("cmi.interactions." + n + ".result", result);
  commit();
}
function score(raw) {
  set(P + "score.raw", String(raw)); set(P + "score.min", "0"); set(P + "score.max", "100");
  if (is2004) set("cmi.score.scaled", String(raw / 100));
}
function status(done, passed) {
  var completion = done ? "completed" : "incomplete", success = passed ? "passed" : "failed";
  if (!is2004) return set("cmi.core.lesson_status", passed === null ? completion : success);
  set("cmi.completion_status", completion);
  if (passed !== null) set("cmi.success_status", success);
}
on("answer", function () {
  set("cmi.suspend_data", "answered");
  set(is2004 ? "cmi.location" : "cmi.core.lesson_location", "page-2");
  answer("b", "correct");
});
on("wrong", function () { answer("a", is2004 ? "incorrect" : "wrong"); });
on("write", function () { set("cmi.suspend_data", "written, never committed"); });
on("long", function () { set("cmi.suspend_data", new Array(64001).join("x")); commit(); });
on("half", function () { if (is2004) set("cmi.progress_measure", "0.5"); commit(); });
on("finish", function () { status(true, null); end(); });
on("pass", function () {
  score(85);
  status(true, true);
  set(P + "session_time", is2004 ? "PT10M" : "00:10:00");
  end();
});
on("fail", function () { score(20); status(true, false); end(); });
on("leave", function () { set(P + "exit", "suspend"); end(); });
on("goon", function () { if (is2004) set("adl.nav.request", "continue"); status(true, null); end(); });
say(String(is2004 ? api.Initialize("") : api.LMSInitialize("")));
show("entry", get(P + "entry"));
show("suspended", get("cmi.suspend_data").slice(0, 60) + " (" + get("cmi.suspend_data").length + ")");
show("location", get(is2004 ? "cmi.location" : "cmi.core.lesson_location"));
show("who", get(is2004 ? "cmi.learner_name" : "cmi.core.student_name"));
show("data", get("cmi.launch_data"));
show("time", get(is2004 ? "cmi.total_time" : "cmi.core.total_time"));
if (get(is2004 ? "cmi.completion_status" : "cmi.core.lesson_status") !== "completed") status(false, null);
window.onunload = end;
document.querySelector("fieldset").disabled = false; // no button is pressed before it knows what to do
</script></html>
"""

HEAD_12 = (
    'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"'
)
HEAD_2004 = (
    'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" '
    'xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3" xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3" '
    'xmlns:imsss="http://www.imsglobal.org/xsd/imsss"'
)


@dataclass(frozen=True)
class Item:
    """One part: its name, and what its manifest says of it as XML."""

    id: str
    title: str
    more: str = ""
    inner: Sequence["Item"] = field(default_factory=tuple)
    is_sco: bool = True


def scorm(
    path: Path, items: Sequence[Item], *, is_2004: bool = False, sequencing: str = "", title: str = "Water"
) -> Path:
    """A SCORM package whose parts each have a page of their own."""
    resources: list[str] = []
    files: dict[str, bytes] = {}

    def said(item: Item) -> str:
        inner = "".join(said(one) for one in item.inner)
        if item.inner:
            return f'<item identifier="{item.id}"><title>{item.title}</title>{inner}{item.more}</item>'
        kind = ("scormType" if is_2004 else "scormtype", "sco" if item.is_sco else "asset")
        page = f"{item.id}/page.html"
        files[page] = (
            SCO.replace("__TITLE__", item.title).replace("__IS_2004__", "true" if is_2004 else "false").encode()
            if item.is_sco
            else f"<!doctype html><title>{item.title}</title><h1>{item.title}</h1>".encode()
        )
        resources.append(
            f'<resource identifier="r-{item.id}" type="webcontent" adlcp:{kind[0]}="{kind[1]}" href="{page}"/>'
        )
        return f'<item identifier="{item.id}" identifierref="r-{item.id}"><title>{item.title}</title>{item.more}</item>'

    tree = "".join(said(item) for item in items)
    version = "2004 4th Edition" if is_2004 else "1.2"
    manifest = (
        f'<?xml version="1.0"?><manifest identifier="{path.stem}" {HEAD_2004 if is_2004 else HEAD_12}>'
        f"<metadata><schema>ADL SCORM</schema><schemaversion>{version}</schemaversion></metadata>"
        f'<organizations default="org"><organization identifier="org"><title>{title}</title>{tree}{sequencing}'
        f"</organization></organizations><resources>{''.join(resources)}</resources></manifest>"
    )
    return zipped(path, {"imsmanifest.xml": manifest.encode(), **files})


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


UNIT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Unit</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<h1>__TITLE__</h1><p>State: <b id="state">none</b></p><p id="said"></p>
<p><button id="complete">Complete</button> <button id="pass">Pass</button> <button id="fail">Fail</button>
<button id="low">Pass with too little</button> <button id="answer">Answer</button> <button id="keep">Keep</button>
<button id="end">Terminate</button> <button id="other">Speak for another</button></p>
<script>
var at = new URLSearchParams(location.search), isCmi5 = at.has("fetch"), session, word = at.get("auth");
var actor = JSON.parse(at.get("actor")), activity = at.get("activityId") || at.get("activity_id");
var CATEGORY = "https://w3id.org/xapi/cmi5/context/categories/";
function show(text) { document.getElementById("said").textContent = text; }
function ask(method, path, body, headers) {
  headers = Object.assign({ Authorization: word, "X-Experience-API-Version": "1.0.3" }, headers || {});
  if (body) headers["Content-Type"] = "application/json";
  return fetch(at.get("endpoint") + path, { method: method, headers: headers, body: body && JSON.stringify(body) });
}
function place(name) {
  return "activities/state?" + new URLSearchParams(
    { activityId: activity, agent: JSON.stringify(actor), registration: at.get("registration"), stateId: name });
}
function say(verb, result, more) {
  var context = { registration: at.get("registration"), contextActivities: {} };
  if (isCmi5) {
    context.extensions = { "https://w3id.org/xapi/cmi5/context/extensions/sessionid": session };
    context.contextActivities.category = [{ id: CATEGORY + "cmi5" }];
    if (/completed|passed|failed/.test(verb)) context.contextActivities.category.push({ id: CATEGORY + "moveon" });
  }
  var statement = Object.assign({
    id: crypto.randomUUID(), timestamp: new Date().toISOString(), actor: actor, context: context,
    verb: { id: "http://adlnet.gov/expapi/verbs/" + verb }, object: { id: activity }
  }, more || {});
  if (result) statement.result = result;
  return ask("POST", "statements", statement).then(function (answer) { show(verb + " " + answer.status); });
}
function on(id, then) { document.getElementById(id).onclick = then; }
on("complete", function () { say("completed", { completion: true, duration: "PT5M" }); });
on("pass", function () { say("passed", { success: true, score: { scaled: 0.9 }, duration: "PT5M" }); });
on("low", function () { say("passed", { success: true, score: { scaled: 0.2 }, duration: "PT5M" }); });
on("fail", function () { say("failed", { success: false, score: { scaled: 0.2 }, duration: "PT5M" }); });
on("end", function () { say("terminated", { duration: "PT10M" }); });
on("answer", function () {
  say("answered", { response: "b", success: true }, {
    object: { id: activity + "/question-1", definition: { name: { en: "Where is the well?" } } },
    context: { registration: at.get("registration") }
  });
});
on("other", function () {
  say("completed", { completion: true }, { actor: { mbox: "mailto:somebody@example.org" } });
});
on("keep", function () {
  ask("PUT", place("bookmark"), { page: 3 }).then(function (answer) { show("kept " + answer.status); });
});
function begin() {
  ask("GET", place("bookmark")).then(function (answer) { return answer.ok ? answer.text() : "none"; })
    .then(function (text) { document.getElementById("state").textContent = text; });
}
if (!isCmi5) begin();
else fetch(at.get("fetch"), { method: "POST" }).then(function (answer) { return answer.json(); })
  .then(function (told) { word = "Basic " + told["auth-token"]; return ask("GET", place("LMS.LaunchData")); })
  .then(function (answer) { return answer.json(); })
  .then(function (data) {
    session = data.contextTemplate.extensions["https://w3id.org/xapi/cmi5/context/extensions/sessionid"];
    begin();
    return say("initialized");
  });
</script></html>
"""


def unit(title: str) -> bytes:
    return UNIT.replace("__TITLE__", title).encode()


def words_of(name: str, text: str) -> str:
    return f'<{name}><langstring lang="en">{text}</langstring></{name}>'


def au(name: str, more: str = "", url: str = "") -> str:
    told = words_of("title", name.title()) + words_of("description", name)
    return f'<au id="https://example.org/course/{name}" {more}>{told}<url>{url or f"{name}.html"}</url></au>'


def structure(inside: str, course: str = "https://example.org/course", objectives: str = "") -> bytes:
    """A cmi5 course structure around these units and blocks."""
    told = words_of("title", "Water") + words_of("description", "Where it comes from.")
    return (
        '<?xml version="1.0"?><courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd">'
        f'<course id="{course}">{told}</course>{objectives}{inside}</courseStructure>'
    ).encode()


def cmi5(path: Path, inside: str, *names: str) -> Path:
    return zipped(path, {"cmi5.xml": structure(inside), **{f"{name}.html": unit(name.title()) for name in names}})


def tincan(path: Path, *names: str) -> Path:
    told = "".join(
        f'<activity id="https://example.org/{name}" type="http://adlnet.gov/expapi/activities/course">'
        f'<name>{name.title()}</name><description lang="en">{name}</description><launch lang="en">{name}.html</launch>'
        "</activity>"
        for name in names
    )
    document = f'<?xml version="1.0"?><tincan xmlns="http://projecttincan.com/tincan.xsd"><activities>{told}</activities></tincan>'
    return zipped(path, {"tincan.xml": document.encode(), **{f"{name}.html": unit(name.title()) for name in names}})
