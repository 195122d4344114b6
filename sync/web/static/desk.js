/* The desk while cards are burned: the slots are fetched again each second; when it is over the whole page is. Without
   this script the page loads itself anew.

   Written for Chrome 61. */
(function () {
  "use strict";

  var LOOK_SECONDS = 1;

  function look() {
    var request = new XMLHttpRequest();
    request.open("GET", "/");
    request.onload = function () {
      var page = new DOMParser().parseFromString(request.responseText, "text/html");
      var here = document.getElementById("slots"), there = page.getElementById("slots");
      if (!there || there.dataset.follow !== "yes") return location.assign("/");
      here.parentNode.replaceChild(document.adoptNode(there), here);
      later();
    };
    request.onerror = later;
    request.send();
  }

  function later() {
    setTimeout(look, LOOK_SECONDS * 1000);
  }

  later();
})();
