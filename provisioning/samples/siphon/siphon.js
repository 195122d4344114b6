"use strict";
const height = document.getElementById("height");
height.addEventListener("input", () => {
  const raised = Number(height.value);
  document.getElementById("lower").setAttribute("transform", `translate(0 ${-raised})`);
  document.getElementById("flow").textContent = raised < 60 ? "It flows." : "It stands still: both surfaces are level.";
});
