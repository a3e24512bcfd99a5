// Comfort for every page; without it all of them still work.
(() => {
    "use strict";

    // --- Instants in the reader's own time; UTC, as it was sent, stays at the pointer. ---

    const two = (number) => String(number).padStart(2, "0");
    const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const minute = (at) => `${two(at.getHours())}:${two(at.getMinutes())}`;
    const clock = (at) => `${minute(at)}:${two(at.getSeconds())}`;
    const weekday = (at) => at.toLocaleDateString("en-US", { weekday: "short" });
    const FORMS = {
        day,
        minute: (at) => `${day(at)} ${minute(at)}`,
        second: (at) => `${day(at)} ${clock(at)}`,
        clock,
        weekday: (at) => `${weekday(at)} ${day(at)} ${clock(at)}`,
        age: null,
    };

    const localize = (root) => {
        for (const time of root.querySelectorAll("time[data-rw-time]")) {
            const at = new Date(time.dateTime);
            const form = FORMS[time.dataset.rwTime];
            if (form) time.textContent = form(at);
            else time.title = `${FORMS.second(at)} (${time.title})`;
            delete time.dataset.rwTime;
        }
    };

    // --- Parts that follow what they show. ---
    // A part is asked for again and again, and what has changed is written into the page's own elements: what has the
    // focus, is scrolled or folded open stays so, and nothing jumps.

    const KEPT = { DETAILS: ["open"], DIALOG: ["open"] };
    const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.rwKey || "" : "");
    const isSame = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

    const takeAttributes = (old, fresh) => {
        const kept = KEPT[old.nodeName] || [];
        for (const { name } of [...old.attributes]) {
            if (!fresh.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
        }
        for (const { name, value } of fresh.attributes) {
            if (old.getAttribute(name) !== value && !kept.includes(name)) old.setAttribute(name, value);
        }
    };

    const takeChildren = (old, fresh) => {
        let place = old.firstChild;
        for (const child of [...fresh.childNodes]) {
            let match = place;
            while (match && !isSame(match, child)) match = match.nextSibling;
            if (!match) {
                old.insertBefore(child, place);
                continue;
            }
            while (place !== match) {
                const gone = place;
                place = place.nextSibling;
                gone.remove();
            }
            become(match, child);
            place = match.nextSibling;
        }
        while (place) {
            const gone = place;
            place = place.nextSibling;
            gone.remove();
        }
    };

    const become = (old, fresh) => {
        if (old.nodeType === Node.ELEMENT_NODE) {
            takeAttributes(old, fresh);
            takeChildren(old, fresh);
        } else if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    };

    // A log stays at its newest line, unless somebody has scrolled up to read.
    const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 8;
    const toEnd = (logs) => logs.forEach((log) => { log.scrollTop = log.scrollHeight; });
    const logsOf = (root) => [...root.querySelectorAll("[data-rw-follow]")];

    const isBeingSelected = (region) => {
        const selection = getSelection();
        return !selection.isCollapsed && region.contains(selection.anchorNode);
    };

    const show = (region, fresh) => {
        const following = logsOf(region).filter(isAtEnd);
        localize(fresh);
        become(region, fresh);
        toEnd(following);
    };

    const tell = (text) => {
        let told = document.getElementById("rw-stale");
        if (!told && text) {
            told = Object.assign(document.createElement("p"), { id: "rw-stale", className: "rw-stale" });
            told.setAttribute("role", "status");
            document.body.append(told);
        }
        if (told) Object.assign(told, { textContent: text, hidden: !text });
    };

    const LONGEST_PAUSE_MS = 60_000;

    const follow = (marker) => {
        const { rwLive: address, rwEvery: seconds, rwRegion: selector } = marker.dataset;
        const region = () => document.querySelector(selector);
        let etag = "", failures = 0, answeredAt = new Date(), timer = 0;

        const take = async (answer) => {
            const found = new DOMParser().parseFromString(await answer.text(), "text/html");
            const fresh = found.querySelector(selector);
            if (!fresh) return;
            etag = answer.headers.get("ETag") || "";
            show(region(), fresh);
        };

        // Whether to go on asking.
        const ask = async () => {
            const answer = await fetch(address, { cache: "no-store", redirect: "error", headers: { "If-None-Match": etag } });
            if ([401, 403, 404].includes(answer.status)) {
                tell("This page no longer updates itself: load it again.");
                return false;
            }
            if (!answer.ok && answer.status !== 304) throw new Error(answer.status);
            if (answer.ok) await take(answer);
            failures = 0;
            answeredAt = new Date();
            tell("");
            return region().dataset.rwEnded === undefined;
        };

        const again = async () => {
            clearTimeout(timer);
            if (document.hidden) return; // asked again when somebody looks
            let goOn = true;
            try {
                if (!isBeingSelected(region())) goOn = await ask();
            } catch {
                failures += 1;
                tell(`No answer since ${clock(answeredAt)}: trying again.`);
            }
            if (!goOn) return;
            timer = setTimeout(again, Math.min(1000 * seconds * 2 ** failures, LONGEST_PAUSE_MS));
        };

        timer = setTimeout(again, 1000 * seconds);
        document.addEventListener("visibilitychange", () => { if (!document.hidden && region().dataset.rwEnded === undefined) again(); });
    };

    // --- Questions: what a button's POST answers with is shown as a dialog instead of a page of its own. ---

    const DIALOG = "rw-dialog";

    const post = async (form, submitter) => {
        const address = form.getAttribute("action"); // form.action is the form's field of that name
        const answer = await fetch(address, { method: "POST", body: new FormData(form, submitter), redirect: "manual" });
        if (answer.type === "opaqueredirect") {
            // Nothing was asked: it is done, and the next page says so.
            location.assign(form.elements.next.value);
            return;
        }
        const question = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rw-question");
        if (!question) {
            tell(`That was refused (${answer.status}).`);
            return;
        }
        const dialog = document.getElementById(DIALOG);
        dialog.replaceChildren(question);
        dialog.showModal();
        dialog.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
    };

    document.addEventListener("submit", (event) => {
        if (!event.target.matches("form[data-rw-ask]") || !document.getElementById(DIALOG)) return;
        event.preventDefault();
        post(event.target, event.submitter).catch(() => tell("No answer: nothing is known to be done."));
    });

    document.addEventListener("click", (event) => {
        if (!event.target.closest(`#${DIALOG} [data-rw-close]`)) return;
        event.preventDefault();
        document.getElementById(DIALOG).close();
    });

    document.addEventListener("htmx:afterSwap", (event) => localize(event.detail.target));
    document.addEventListener("DOMContentLoaded", () => {
        localize(document);
        toEnd(logsOf(document));
        document.querySelectorAll("[data-rw-live]:not([data-rw-ended])").forEach(follow);
    });
})();
