// Puts the sections the server renders in place, and sends what the buttons ask for.
// All HTML comes from the server, escaped there; texts made here go through textContent.

const answer = document.getElementById("answer");
const SILENCE_MS = 5000;
let heardAt = Date.now();

function say(text) {
  if (answer) answer.textContent = text;
}

function place(sections) {
  for (const [name, html] of Object.entries(sections)) {
    if (name === "title") document.title = html;
    else if (name === "live") document.body.dataset.live = html;
    else document.getElementById(name)?.replaceChildren(...fragment(html));
  }
}

function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.childNodes;
}

async function send(method, path, body) {
  say("…");
  try {
    const options = { method, headers: {} };
    if (body !== undefined) {
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const response = await fetch(path, options);
    const said = await response.json();
    say(said.error ?? "done: the bot has it");
    return response.ok;
  } catch {
    say("ibelay does not answer; is it still running?");
    return false;
  }
}

async function signIn() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  // The token must not stay in the address bar or the history.
  history.replaceState(null, "", location.pathname);
  if (await send("POST", "/api/session", { token })) {
    say("signed in");
    if (document.body.dataset.live === "sign-in") location.reload();
  }
}

function openStream() {
  const stream = new EventSource("/api/stream");
  stream.onmessage = (event) => {
    heardAt = Date.now();
    delete document.body.dataset.cut;
    place(JSON.parse(event.data));
  };
  return stream;
}

function watch() {
  if (document.body.dataset.live === "sign-in") return;
  let stream = openStream();
  setInterval(() => {
    const silent = Date.now() - heardAt;
    if (silent < SILENCE_MS) return;
    document.body.dataset.cut = `No word from ibelay for ${Math.round(silent / 1000)} s: STALE`;
    document.body.dataset.live = "no";
    // The browser reconnects by itself, except after a refusal.
    if (stream.readyState === EventSource.CLOSED) stream = openStream();
  }, 1000);
}

document.addEventListener("submit", (event) => {
  const { post, field } = event.target.dataset;
  if (!post) return;
  event.preventDefault();
  const body = field ? { [field]: event.target.elements[field].value } : undefined;
  send("POST", post, body).then((done) => done && event.target.reset());
});

document.addEventListener("click", (event) => {
  const symbol = event.target.dataset?.remove;
  if (symbol) send("DELETE", `/api/worklist/${encodeURIComponent(symbol)}`);
});

await signIn();
watch();
