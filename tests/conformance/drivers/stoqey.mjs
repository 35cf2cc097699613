// Speaks through @stoqey/ib; what is said and heard stands in speech.py beside this file.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.CONFORMANCE_FOLDER, "package.json"));
const { IBApi, EventName, ScanCode } = require("@stoqey/ib");

const ALIASES = {
  tickerid: "reqid", requestid: "reqid", id: "orderid", acctcode: "account",
  fadata: "fadatatype", group: "groupname", ordercancelparam: "ordercancel",
};
// Names that differ from IB's own client.
const NAMES = { cancelwshmetadata: "reqCancelWshMetaData", cancelwsheventdata: "reqCancelWshEventData" };
const WITH_ORDER_ID = new Set(["placeOrder", "cancelOrder"]);
const BROKEN = /^(Decoding|Underrun) error|^No parser implementation/;

let ib;
let nextId = 1;

function plain(_key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Map) return Object.fromEntries(value);
  return value === undefined ? null : value;
}

function say(event, ...args) {
  process.stdout.write(JSON.stringify({ event, args }, plain) + "\n");
}

function onError(error, code, id) {
  if (BROKEN.test(error.message)) say("complaint", error.message.slice(0, 600));
  else say("error", id, code, error.message);
}

function onEvent(name, args) {
  if (name === EventName.error) onError(...args);
  else if (name === EventName.info) say("error", -1, args[1], args[0]);
  else if (name === EventName.historicalData && String(args[1]).startsWith("finished"))
    say("historicalDataEnd", ...args);
  else if (name === EventName.connected) say("connected", ib.serverVersion);
  else if (name === EventName.disconnected) say("closed");
  else if (![EventName.received, EventName.sent, EventName.server, EventName.result].includes(name)) {
    if (name === EventName.nextValidId) nextId = Math.max(nextId, args[0]);
    say(name, ...args);
  }
}

function connect({ host, port, client_id: clientId }) {
  ib = new IBApi({ host, port, clientId });
  ib.on(EventName.all, onEvent);
  ib.connect(clientId);
}

function method(name) {
  const wanted = (NAMES[name.toLowerCase()] ?? name).toLowerCase();
  const known = Object.getOwnPropertyNames(Object.getPrototypeOf(ib));
  return known.find((candidate) => candidate.toLowerCase() === wanted);
}

function parameters(called) {
  const list = /\(([^)]*)\)/.exec(ib[called].toString())[1];
  return list.split(",").map((word) => word.split("=")[0].trim()).filter(Boolean);
}

function order(fields) {
  const made = { transmit: true, ...fields }; // unasked it would be held
  made.conditions = fields.conditions?.map((one) => ({
    type: 1, conjunctionConnection: "a", isMore: one.isMore, strValue: String(one.price),
    conId: one.conId, exchange: one.exch, triggerMethod: one.triggerMethod,
  }));
  return made;
}

function argument(name, given) {
  const key = ALIASES[name.toLowerCase()] ?? name.toLowerCase();
  if (key.endsWith("options")) return [];
  if (key === "ordercancel") return given[key] ?? {};
  if (key === "order") return order(given[key]);
  if (key === "subscription") return { ...given[key], scanCode: ScanCode[given[key].scanCode] };
  return given[key];
}

function call(name, given) {
  const called = method(name);
  if (called === undefined) return say("absent");
  let id = (given.reqid ??= nextId++);
  if (WITH_ORDER_ID.has(name)) id = given.orderid ??= id;
  const names = parameters(called);
  if (names.includes("periodUnit"))
    [given.period, given.periodunit] = given.period.replace(/s$/, "").split(" ");
  try {
    ib[called](...names.map((word) => argument(word, given)));
  } catch (error) {
    say("complaint", `${name} threw ${error}`);
  }
  return say("called", id);
}

process.on("uncaughtException", (error) => say("complaint", `it threw ${error.stack.slice(0, 600)}`));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    if (command.do === "connect") connect(command);
    else if (command.do === "disconnect") ib.disconnect();
    else call(command.name, command.with);
  })
  .on("close", () => process.exit(0));
