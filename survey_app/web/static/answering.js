/* Saves a page while it is being answered, and counts the characters of answers in words.

   Without this script a page is saved when it is sent. With it, the whole page is posted as it stands
   soon after each change, with the marks of what is saved already; the marks that come back are the
   one sign that it was saved. Nothing is kept in the browser but the page itself, since a computer in
   a staffroom has many readers. The words are in the page, so that they can be translated. */

(function () {
  "use strict";

  var AFTER_A_CHOICE = 250;
  var AFTER_TYPING = 1200;
  var LONGEST_WAIT = 8000;
  var PATIENCE = 15000;
  var LONGEST_PAUSE = 30000;
  var MOST_ON_LEAVING = 60000;
  var TOO_LATE = 409;

  var form = document.querySelector("form[data-items]");
  if (!form || !window.fetch || !window.URLSearchParams || !window.crypto) {
    return;
  }

  var bar = document.getElementById("saving");
  var words = bar.dataset;
  var glance = bar.querySelector("[aria-hidden]");
  var announcement = bar.querySelector("[role=status]");
  var shown = form.elements.namedItem("shown");
  var turn = hiddenField("page-turn", "0");
  hiddenField("page-window", randomName());

  var saved = form.dataset.unsaved ? null : answers();
  var sending = null;
  var sent = null;
  var isWhole = true;
  var failures = 0;
  var isStopped = false;
  var isPassing = false;
  var isWaiting = false;
  var timer = 0;
  var firstChange = 0;

  function hiddenField(name, value) {
    var field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    return form.appendChild(field);
  }

  function randomName() {
    var bytes = crypto.getRandomValues(new Uint8Array(8));
    return Array.from(bytes, function (byte) {
      return ("0" + byte.toString(16)).slice(-2);
    }).join("");
  }

  function answers() {
    var fields = new URLSearchParams(new FormData(form));
    ["csrf_token", "shown", "page-turn", "page-window", "back", "then"].forEach(function (name) {
      fields.delete(name);
    });
    return fields.toString();
  }

  function hasUnsaved() {
    return answers() !== saved;
  }

  function nextPost() {
    turn.value = String(Number(turn.value) + 1);
    return new URLSearchParams(new FormData(form));
  }

  function show(state, text) {
    bar.dataset.state = state;
    glance.textContent = state === "saving" ? words.saving : "";
    announcement.textContent = state === "saving" ? "" : text;
  }

  function showSaved() {
    show(isWhole ? "saved" : "refused", isWhole ? words.saved : words.refused);
  }

  function saveIn(pause) {
    var now = Date.now();
    firstChange = firstChange || now;
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(pause, firstChange + LONGEST_WAIT - now)));
  }

  /* Resolves to whether everything on the page is saved. */
  function save() {
    clearTimeout(timer);
    firstChange = 0;
    sending = sending || send().then(
      function (isSaved) { sending = null; return isSaved; },
      function () { sending = null; return tryLater(); }
    );
    return sending;
  }

  function send() {
    if (isStopped || !hasUnsaved()) {
      if (bar.dataset.state === "saving") {
        showSaved();
      }
      return Promise.resolve(!isStopped);
    }
    sent = answers();
    var post = nextPost();
    var isSmall = post.toString().length < MOST_ON_LEAVING;
    if (!isSmall) {
      // More than a browser sends as a page is left: what is too long to save is held now.
      post.set("page-leaving", "yes");
    }
    var cut = window.AbortController ? new AbortController() : null;
    var patience = setTimeout(function () { if (cut) { cut.abort(); } }, PATIENCE);
    return fetch(form.dataset.items, {
      method: "POST",
      body: post,
      keepalive: isSmall,
      signal: cut ? cut.signal : undefined
    }).then(function (answer) {
      clearTimeout(patience);
      if (answer.status >= 500 || answer.status === 408 || answer.status === 429) {
        return tryLater();
      }
      if (!answer.ok) {
        return answer.json().then(
          function (found) { return stop(found.told, answer.status); },
          function () { return stop(words.stopped, answer.status); }
        );
      }
      return answer.json().then(acknowledge);
    });
  }

  function acknowledge(found) {
    if (typeof found.shown !== "string") {
      return tryLater();
    }
    shown.value = found.shown;
    saved = sent;
    failures = 0;
    if (hasUnsaved()) {
      return send();
    }
    isWhole = !found.refused.length;
    showSaved();
    return true;
  }

  function tryLater() {
    failures += 1;
    show("waiting", isWaiting ? words.unsent : words.waiting);
    clearTimeout(timer);
    timer = setTimeout(save, Math.min(1000 * Math.pow(2, failures), LONGEST_PAUSE));
    return false;
  }

  function stop(told, status) {
    isStopped = true;
    // What came too late was kept all the same; what was refused for another reason was not.
    failures = status === TOO_LATE ? 0 : failures + 1;
    show("stopped", told || words.stopped);
    return false;
  }

  form.addEventListener("input", function (event) {
    if (isStopped) {
      return;
    }
    if (!failures) {
      show("saving");
    }
    saveIn(event.target.type === "radio" ? AFTER_A_CHOICE : AFTER_TYPING);
  });

  form.addEventListener("change", function () {
    if (!isStopped && hasUnsaved()) {
      saveIn(AFTER_A_CHOICE);
    }
  });

  /* The page is sent once all of it is saved, so that a line that drops leaves it standing. */
  form.addEventListener("submit", function (event) {
    if (isPassing || isStopped || !form.requestSubmit || !event.submitter) {
      nextPost();
      isPassing = true;
      return;
    }
    event.preventDefault();
    if (isWaiting) {
      return;
    }
    isWaiting = true;
    // Not before this event is over: a form cannot be sent while it is being sent.
    Promise.all([save(), new Promise(function (over) { setTimeout(over); })]).then(function (done) {
      isWaiting = false;
      if (navigator.onLine !== false && (isStopped || done[0])) {
        isPassing = true;
        form.requestSubmit(event.submitter);
      } else {
        show("waiting", words.unsent);
      }
    });
  });

  /* The page a link leads to must find what was just typed. */
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    var isPlain = !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!link || link.hash || !isPlain || isStopped || !hasUnsaved()) {
      return;
    }
    event.preventDefault();
    save().then(function () { location.assign(link.href); });
  });

  window.addEventListener("online", function () {
    if (hasUnsaved() && !isStopped) {
      save();
    }
  });

  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden" && hasUnsaved() && !isStopped) {
      save();
    }
  });

  window.addEventListener("pagehide", function () {
    var isOnItsWay = !hasUnsaved() || (sending && sent === answers());
    // Words too long to be saved are held, once, as the page is left.
    if (isPassing || isStopped || (isOnItsWay && isWhole)) {
      return;
    }
    var post = nextPost();
    post.set("page-leaving", "yes");
    isPassing = true;
    navigator.sendBeacon(form.dataset.items, post);
  });

  window.addEventListener("beforeunload", function (event) {
    if (!isPassing && failures && hasUnsaved()) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  /* A page taken out of the browser's memory may be older than what is saved. */
  window.addEventListener("pageshow", function (event) {
    if (event.persisted && (isPassing || !hasUnsaved())) {
      location.reload();
    }
  });

  if (hasUnsaved()) {
    saveIn(0);
  }

  Array.from(form.querySelectorAll("textarea[data-limit]")).forEach(countCharacters);

  function countCharacters(box) {
    var limit = Number(box.dataset.limit);
    var note = document.getElementById(box.id + "-note");
    var language = document.documentElement.lang;
    var number = new Intl.NumberFormat(language);
    var plural = new Intl.PluralRules(language);
    var visible = note.cloneNode(false);
    var spoken = document.createElement("span");
    var pause = 0;
    visible.removeAttribute("id");
    visible.setAttribute("aria-hidden", "true");
    spoken.className = "govuk-visually-hidden";
    spoken.setAttribute("aria-live", "polite");
    note.className = "govuk-visually-hidden";
    note.parentNode.insertBefore(visible, note.nextSibling);
    note.parentNode.insertBefore(spoken, visible.nextSibling);

    function count() {
      var text = box.value.normalize("NFC").trim();
      var left = limit - Array.from(text).length;
      var kind = (left < 0 ? "over" : "left") + (plural.select(Math.abs(left)) === "one" ? "One" : "");
      visible.textContent = note.dataset[kind].replace("{n}", number.format(Math.abs(left)));
      visible.classList.toggle("note--over", left < 0);
      clearTimeout(pause);
      return visible.textContent;
    }

    box.addEventListener("input", function () {
      var told = count();
      pause = setTimeout(function () { spoken.textContent = told; }, 1000);
    });
    count();
  }
})();
