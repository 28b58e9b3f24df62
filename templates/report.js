"use strict";
(function () {
  var form = document.getElementById("filters");
  if (form) {
    form.hidden = false;
    var rows = Array.prototype.slice.call(document.querySelectorAll("#exchange-rows > tr"));
    var count = document.getElementById("filter-count");
    var apply = function () {
      var text = document.getElementById("filter-text").value.toLowerCase();
      var kind = document.getElementById("filter-kind").value;
      var shown = 0;
      rows.forEach(function (row) {
        var fits = row.textContent.toLowerCase().indexOf(text) >= 0 &&
          (kind === "all" || row.getAttribute("data-kind").split(" ").indexOf(kind) >= 0);
        row.hidden = !fits;
        if (fits) { shown += 1; }
      });
      count.textContent = shown + " of " + rows.length + " shown";
    };
    form.addEventListener("input", apply);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    apply();
  }
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
})();
