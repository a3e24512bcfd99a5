// Comfort for the pages of jobs; without it every button and form still works.
(() => {
    "use strict";

    const DIALOG = "rw-dialog";

    // A question that a button's POST answers with is shown as a dialog instead of a page of its own.
    document.addEventListener("htmx:afterSwap", (event) => {
        if (event.detail.target.id !== DIALOG) return;
        const dialog = document.getElementById(DIALOG);
        if (!dialog.open) dialog.showModal();
        const first = dialog.querySelector("input:not([type=hidden]), select, textarea, button");
        if (first) first.focus();
    });

    document.addEventListener("click", (event) => {
        const dialog = event.target.closest(`#${DIALOG}`);
        if (!dialog || !event.target.closest("[data-rw-close]")) return;
        event.preventDefault();
        dialog.close();
    });

    // The log stays at its newest line, unless somebody has scrolled up to read.
    let following = true;
    const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 8;
    const follow = () => {
        const log = document.querySelector("[data-rw-follow]");
        if (log && following) log.scrollTop = log.scrollHeight;
    };
    document.addEventListener("htmx:beforeSwap", () => {
        const log = document.querySelector("[data-rw-follow]");
        following = !log || atEnd(log);
    });
    document.addEventListener("htmx:afterSwap", follow);

    // Instants in the reader's own time, beside UTC.
    const localize = () => {
        for (const time of document.querySelectorAll("time[data-rw-local]")) {
            const at = new Date(time.dateTime);
            time.textContent = at.toLocaleString(undefined, { weekday: "short", dateStyle: undefined, year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
        }
    };
    document.addEventListener("htmx:afterSwap", localize);

    follow();
    localize();
})();
