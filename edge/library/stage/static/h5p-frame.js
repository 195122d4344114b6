/* Beside an exercise's own scripts, in its frame: where a library finds what lies beside the exercise.

   The vendored player tells it one place, and serves it from another.

   Written for Chrome 61: no modules, no optional chaining. */
(function () {
  "use strict";

  var told = H5P.getContentPath;
  H5P.getContentPath = function (name) {
    var content = H5PIntegration.contents && H5PIntegration.contents["cid-" + name];
    return content && content.contentUrl || told(name);
  };
})();
