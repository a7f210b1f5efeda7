/*
 * The frame around the text: light or dark, search, the tables of contents on a narrow screen, the menu,
 * copy buttons. Everything a reader needs works without it.
 */
(function () {
  "use strict";

  const root = document.documentElement;
  const MODES = ["auto", "light", "dark"];
  const MODE_NAMES = { auto: "as the system", light: "light", dark: "dark" };

  /** Light, dark or as the system: one button goes round the three. */
  function setUpColours() {
    const button = document.querySelector("[data-colour-mode]");
    const systemDark = matchMedia("(prefers-color-scheme: dark)");
    const show = () => {
      const { mode } = root.dataset;
      root.dataset.theme = mode === "auto" ? (systemDark.matches ? "dark" : "light") : mode;
      button.querySelector("[data-colour-mode-name]").textContent = MODE_NAMES[mode];
      button.title = `Colours: ${MODE_NAMES[mode]}`;
    };
    button.addEventListener("click", () => {
      root.dataset.mode = MODES[(MODES.indexOf(root.dataset.mode) + 1) % MODES.length];
      try {
        localStorage.setItem("mode", root.dataset.mode);
      } catch {
        // No storage: the choice lasts until the page closes.
      }
      show();
    });
    systemDark.addEventListener("change", show);
    show();
  }

  /** A dialog closes by its button, by Escape and by a press beside it. */
  function setUpDialog(dialog) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close();
    });
  }

  /** On a narrow screen the contents move into a dialog while it is open, so that there is one copy of them. */
  function setUpSidebars() {
    for (const button of document.querySelectorAll("[data-open-dialog]")) {
      const sidebar = document.getElementById(button.dataset.openDialog);
      const dialog = document.getElementById(`${button.dataset.openDialog}-modal`);
      const move = (from, to) => {
        to.append(...from.childNodes);
        to.className = from.className;
        from.className = "";
      };
      setUpDialog(dialog);
      button.addEventListener("click", () => {
        move(sidebar, dialog);
        dialog.showModal();
      });
      dialog.addEventListener("close", () => {
        move(dialog, sidebar);
        button.focus();
      });
      // A link within the page leads out of the dialog.
      dialog.addEventListener("click", (event) => {
        if (event.target.closest("a[href^='#']")) dialog.close();
      });
    }
  }

  /** The search field opens in a dialog; the search page has it in the text. */
  function setUpSearch() {
    const dialog = document.getElementById("pst-search-dialog");
    const input = document.querySelector(".book-search input");
    const open = (event) => {
      event.preventDefault();
      document.querySelectorAll("dialog[open]").forEach((other) => other.close());
      dialog?.showModal();
      input.select();
    };
    if (dialog) setUpDialog(dialog);
    for (const link of document.querySelectorAll("[data-open-search]")) link.addEventListener("click", open);
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") open(event);
    });
  }

  /** The menu closes by Escape and by a press elsewhere. */
  function setUpMenu() {
    const menu = document.querySelector(".book-menu");
    if (!menu) return;
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  /** Mark in the page's contents the section that is being read. */
  function setUpContents() {
    const links = new Map();
    for (const link of document.querySelectorAll("#pst-secondary-sidebar a[href^='#']")) {
      const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (section) links.set(section, link);
    }
    const visible = new Set();
    const observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) visible.add(target);
        else visible.delete(target);
      }
      // Sections nest: the last one in the order of the page is the innermost.
      const current = [...links.keys()].filter((section) => visible.has(section)).pop();
      for (const [section, link] of links) {
        link.classList.toggle("active", section === current);
        if (section === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }, { rootMargin: "-10% 0px -70% 0px" });
    for (const section of links.keys()) observer.observe(section);
  }

  /** A button on each piece of code that copies it. */
  function setUpCopying() {
    if (!navigator.clipboard) return;
    for (const block of document.querySelectorAll("article div.highlight")) {
      if (block.closest(".cell_output")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "book-copy";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(block.querySelector("pre").textContent.trimEnd());
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      block.append(button);
    }
  }

  /** What scrolls sideways must be reachable by keyboard, and only that. */
  function setUpScrolling() {
    const blocks = document.querySelectorAll("article pre, .book-scroll, .math-block");
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
        else target.removeAttribute("tabindex");
      }
    });
    blocks.forEach((block) => observer.observe(block));
  }

  setUpColours();
  setUpSidebars();
  setUpSearch();
  setUpMenu();
  setUpContents();
  setUpCopying();
  setUpScrolling();
}());
