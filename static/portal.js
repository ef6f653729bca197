/* Niceties only: every page works without this file. */
"use strict";

// A form is sent once: its buttons rest after the first press. They wake again, for downloads and the back button.
document.addEventListener("submit", (event) => {
  const buttons = event.target.querySelectorAll("button[type=submit], button:not([type])");
  const rest = (on) => buttons.forEach((button) => { button.disabled = on; });
  setTimeout(() => { if (!event.defaultPrevented) rest(true); });
  setTimeout(() => rest(false), 8000);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("button:disabled").forEach((button) => { button.disabled = false; });
});

// <input type="checkbox" data-select-all="rows" hidden>: takes or leaves every <input name="rows">, and counts them.
document.querySelectorAll("[data-select-all]").forEach((all) => {
  const boxes = [...document.getElementsByName(all.dataset.selectAll)];
  const count = document.querySelector("[data-selected-count]");
  const show = () => {
    const picked = boxes.filter((box) => box.checked).length;
    all.checked = picked === boxes.length && picked > 0;
    all.indeterminate = picked > 0 && picked < boxes.length;
    if (count) count.textContent = picked ? ` ${picked} 件` : "";
  };
  all.hidden = false;
  all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); show(); });
  boxes.forEach((box) => box.addEventListener("change", show));
  show();
});

// <div data-drop> around an <input type="file">: a file dropped there is the file chosen; beside it, nothing happens.
document.querySelectorAll("[data-drop]").forEach((zone) => {
  const inside = (event) => zone.contains(event.target);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = inside(event) ? "copy" : "none";
    zone.classList.toggle("over", inside(event));
  });
  document.addEventListener("dragleave", () => zone.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (inside(event) && event.dataTransfer.files.length) {
      zone.querySelector("input[type=file]").files = event.dataTransfer.files;
    }
  });
});

// <body data-idle="1800">: five minutes before a session ends unused, say so; one press keeps it, and what was typed stays.
const idle = Number(document.body.dataset.idle);
if (idle) {
  const notice = document.createElement("p");
  notice.className = "idle";
  notice.setAttribute("role", "alert");
  const stay = document.createElement("button");
  stay.type = "button";
  stay.className = "btn btn-second";
  stay.textContent = "继续使用";
  let timer;
  const wait = () => {
    clearTimeout(timer);
    notice.remove();
    timer = setTimeout(() => {
      notice.textContent = "较长时间没有操作，5 分钟后将自动退出，没有保存的内容会丢失。";
      notice.append(stay);
      document.body.append(notice);
    }, Math.max(idle - 300, 30) * 1000);
  };
  stay.addEventListener("click", () => fetch("/", { method: "HEAD" }).then(wait));
  document.addEventListener("htmx:afterRequest", wait);
  wait();
}

// Keys on a page without a field in use: / goes to the search box, j and k to the next and previous row of a list.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (event.key === "/") {
    const box = document.querySelector("[data-find]");
    if (box) { event.preventDefault(); box.focus(); }
  } else if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll(".row-link")];
    const here = rows.indexOf(document.activeElement);
    const next = rows[event.key === "j" ? here + 1 : Math.max(here - 1, 0)];
    if (next) next.focus();
  }
});
