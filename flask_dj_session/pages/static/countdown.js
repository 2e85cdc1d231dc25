// Counts down what the page says; without this script it stands still. The server's reckoning is
// continued on the browser's own stop-watch, since its clock may be wrong.
"use strict";

function lasting(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const days = Math.floor(seconds / 86400);
  const rest = seconds % 86400;
  const clock = [rest / 3600, (rest / 60) % 60, rest % 60].map(Math.floor).map(two).join(":");
  return days ? `${days.toLocaleString("en")} day${days === 1 ? "" : "s"} ${clock}` : clock;
}

const timers = document.querySelectorAll("[data-seconds]");
const begun = performance.now();

function show() {
  const passed = Math.floor((performance.now() - begun) / 1000);
  for (const timer of timers) {
    const left = Math.max(0, Number(timer.dataset.seconds) - passed);
    timer.textContent = left ? lasting(left) : "no time: it has expired";
  }
}

if (timers.length) {
  setInterval(show, 1000);
}
