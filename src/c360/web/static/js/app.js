// What every page does beyond HTML: the form token on requests of htmx, menus that close, keys for the search box.
"use strict";

document.addEventListener("htmx:config:request", (event) => {
  const token = document.body.dataset.formToken;
  const request = event.detail && event.detail.ctx && event.detail.ctx.request;
  if (token && request && request.headers) request.headers["X-Form-Token"] = token;
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const box = document.getElementById("find");
    if (box) {
      event.preventDefault();
      box.focus();
    }
  }
});
