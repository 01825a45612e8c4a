// Clients that keep their connections open, as browsers and API clients do, for tests of what a move costs them.
// node open-connections.mjs ADDRESS JSON → one line of JSON once all are connected, one at the end. Transfers are slow until
// something comes on stdin; from then on all goes on for a moment, transfers end at full speed, and that is the end. With
// `lastMs` a transfer takes so long by itself, and is waited for.
// A POST is never sent again: what its client does not get is lost. One whose answer is late is waited for at the end, when
// nothing more is sent: a client that stalls itself has its answer in the kernel, and a lost packet is sent again. A connection is cut when the other end resets it,
// or closes it in the middle of an answer; a keep-alive connection that the server closes between two requests, after
// it has said so, is not.
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';

const address = process.argv[2];
const {
  posts = 0,
  downloads = 0,
  uploads = 0,
  idle = 0,
  sockets = 0,
  http2posts = 0,
  reserve = 0,
  path = '/',
  big = '/big',
  socket = '/socket',
  port = 80,
  http2port = 8081,
  everyMs = 20,
  firstPort = null,
  lastMs = null,
} = JSON.parse(process.argv[3] ?? '{}');
const began = performance.now();
const at = () => Math.round(performance.now() - began);
const kinds = Object.fromEntries(
  ['posts', 'downloads', 'uploads', 'idle', 'sockets', 'http2posts'].map((kind) => [
    kind,
    { open: 0, cut: [], closed: 0, done: 0, lost: 0, total: 0 },
  ]),
);
/** What a slow transfer would take, and how long everything goes on after the word to end. */
const [slowMs, onMs] = [lastMs ?? 600_000, 3_000];
/** How long the last answers are waited for: a first SYN that is lost is sent again after 1, 3 and 7 s. */
const answerMs = 10_000;
const timers = [];
const paused = [];
const atEnd = [];
let hurry = false;
let ending = false;
/** From then on nothing new is asked. */
let lastAsked = false;
const late = new Set();
/** Each says whether it still waits for an answer. */
const waiters = new Set();

/** One request after the other on one connection; opens another when the server has closed it in order. */
function keepAlive(kind, pauseMs, own = {}) {
  const seen = kinds[kind];
  let connection = null;
  const send = () => {
    if (ending) return connection?.destroy();
    if (lastAsked) return;
    if (connection === null) connection = open();
    if (connection.waiting !== null) return;
    connection.waiting = at();
    connection.sent += 1;
    seen.total += 1;
    connection.write(`POST ${path} HTTP/1.1\r\nHost: ${address}\r\nContent-Length: 2\r\n\r\nab`);
  };
  const open = () => {
    const made = net.connect({ port, host: address, ...own });
    own = {};
    made.setNoDelay(true);
    Object.assign(made, { waiting: null, sent: 0, text: '', told: false });
    seen.open += 1;
    made.on('data', (bytes) => {
      made.text += bytes.toString('latin1');
      const end = made.text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = made.text.slice(0, end);
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (made.text.length < end + 4 + length) return;
      made.text = '';
      made.waiting = null;
      seen.done += 1;
      if (/^connection: *close/im.test(head)) {
        made.told = true;
        made.destroy();
        over(made, null);
      }
    });
    made.on('error', (error) => over(made, error.code));
    made.on('end', () => over(made, 'FIN'));
    return made;
  };
  const over = (made, why) => {
    if (connection !== made) return;
    connection = null;
    seen.open -= 1;
    made.destroy();
    if (ending) return;
    if (made.waiting !== null) {
      seen.lost += 1;
      seen.cut.push([at(), why ?? 'closed']);
    } else if (why === null || why === 'FIN') seen.closed += 1;
    else seen.cut.push([at(), why]);
  };
  const timer = setInterval(send, pauseMs);
  timers.push(timer);
  // No TIME-WAIT, in which its port could not be used again.
  if (own.localPort !== undefined) atEnd.push(() => connection?.resetAndDestroy());
  send();
  const waits = () => (connection?.waiting ?? null) !== null;
  waiters.add(waits);
  late.add(() => {
    if (!waits()) return;
    seen.lost += 1;
    seen.cut.push([connection.waiting, connection.connecting ? 'not connected' : 'no answer']);
  });
}

/** Reads no faster than a slow line does, so that it lasts. */
function download() {
  const seen = kinds.downloads;
  seen.open += 1;
  seen.total += 1;
  let over = false;
  const end = (why) => {
    if (over) return;
    over = true;
    seen.open -= 1;
    if (why === null) seen.done += 1;
    else if (!ending) seen.cut.push([at(), why]);
  };
  const request = http.get({ host: address, port, path: big, agent: false }, (response) => {
    const wanted = Number(response.headers['content-length']);
    let got = 0;
    response.on('data', (bytes) => {
      got += bytes.length;
      if (hurry) return;
      response.pause();
      paused.push(() => response.resume());
      setTimeout(() => response.resume(), (bytes.length / wanted) * slowMs);
    });
    response.on('end', () => end(response.complete && got === wanted ? null : 'short'));
    response.on('error', (error) => end(error.code ?? 'error'));
  });
  request.on('error', (error) => end(error.code ?? 'error'));
  late.add(() => (over ? undefined : request.destroy()));
}

/** Sends slowly a body that nginx reads to its end. */
function upload() {
  const seen = kinds.uploads;
  seen.open += 1;
  seen.total += 1;
  let over = false;
  const size = 200_000;
  const uploadBytes = lastMs === null ? 20 : Math.ceil((size * 100) / lastMs);
  const end = (why) => {
    if (over) return;
    over = true;
    clearInterval(timer);
    seen.open -= 1;
    if (why === null) seen.done += 1;
    else if (!ending) seen.cut.push([at(), why]);
  };
  const request = http.request(
    { host: address, port, path, method: 'POST', agent: false, headers: { 'content-length': size } },
    (response) => {
      response.resume();
      response.on('end', () => end(sent >= size ? null : 'early answer'));
    },
  );
  request.on('error', (error) => end(error.code ?? 'error'));
  let sent = 0;
  const timer = setInterval(() => {
    if (sent >= size) return clearInterval(timer);
    const bytes = hurry ? size - sent : Math.min(size - sent, uploadBytes);
    sent += bytes;
    request.write('x'.repeat(bytes));
    if (sent >= size) request.end();
  }, 100);
  late.add(() => (over ? undefined : request.destroy()));
}

/** A WebSocket of which the frames are not looked at: what is sent comes back as it was. */
function webSocket() {
  const seen = kinds.sockets;
  seen.open += 1;
  let over = false;
  const made = net.connect(port, address);
  made.setNoDelay(true);
  const end = (why) => {
    if (over) return;
    over = true;
    clearInterval(timer);
    seen.open -= 1;
    made.destroy();
    if (!ending) seen.cut.push([at(), why]);
  };
  let [upgraded, sent, got] = [false, 0, 0];
  made.write(
    `GET ${socket} HTTP/1.1\r\nHost: ${address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGF1cA==\r\n\r\n`,
  );
  made.on('data', (bytes) => {
    if (!upgraded) {
      if (!bytes.toString('latin1').startsWith('HTTP/1.1 101')) return end('no upgrade');
      upgraded = true;
      return;
    }
    got += bytes.length;
    seen.done = Math.max(seen.done, 0) + bytes.length / 4;
  });
  made.on('error', (error) => end(error.code));
  made.on('end', () => end('FIN'));
  const timer = setInterval(() => {
    if (!upgraded) return;
    if (sent - got > 400) return end('no echo');
    sent += 4;
    seen.total += 1;
    made.write('ping');
  }, 20);
  timers.push(timer);
}

/** POSTs over HTTP/2 without TLS, one after the other; another connection when the server has said that it leaves. */
function overHttp2() {
  const seen = kinds.http2posts;
  let session = null;
  let waiting = null;
  const over = (made, why) => {
    if (session !== made) return;
    session = null;
    seen.open -= 1;
    made.destroy();
    if (ending) return;
    if (waiting !== null) {
      waiting = null;
      seen.lost += 1;
      seen.cut.push([at(), why]);
    } else if (made.told) seen.closed += 1;
    else seen.cut.push([at(), why]);
  };
  const open = () => {
    const made = http2.connect(`http://${address}:${http2port}`);
    seen.open += 1;
    made.told = false;
    made.on('goaway', (code) => (made.told = code === 0));
    made.on('error', (error) => over(made, error.code));
    made.on('close', () => over(made, 'closed'));
    return made;
  };
  const send = () => {
    if (ending) return session?.destroy();
    if (lastAsked || waiting !== null) return;
    if (session?.told) over(session, 'GOAWAY');
    session ??= open();
    waiting = at();
    seen.total += 1;
    const stream = session.request({ ':method': 'POST', ':path': path });
    let begun = false;
    stream.on('response', ({ ':status': status }) => {
      begun = true;
      if (status !== 200) over(session, `status ${status}`);
    });
    // Its connection tells; a stream that breaks off ends too.
    stream.on('error', () => {});
    stream.on('end', () => {
      if (waiting === null || !begun) return;
      waiting = null;
      seen.done += 1;
    });
    stream.resume();
    stream.end('ab');
  };
  timers.push(setInterval(send, 20));
  send();
  waiters.add(() => waiting !== null);
  late.add(() => {
    if (waiting === null) return;
    seen.lost += 1;
    seen.cut.push([waiting, 'no answer']);
  });
}

for (let n = 0; n < posts; n++) {
  const own = firstPort === null ? {} : { localPort: firstPort + n };
  setTimeout(() => keepAlive('posts', everyMs, own), n * 2);
}
for (let n = 0; n < idle; n++) setTimeout(() => keepAlive('idle', 15_000), n * 2);
for (let n = 0; n < downloads; n++) setTimeout(download, n * 2);
for (let n = 0; n < uploads; n++) setTimeout(upload, n * 2);
for (let n = 0; n < sockets; n++) setTimeout(webSocket, n * 2);
for (let n = 0; n < http2posts; n++) setTimeout(overHttp2, n * 2);
// As browsers keep some: nothing is asked on them.
for (let n = 0; n < reserve; n++) net.connect(port, address).on('error', () => {});
setTimeout(
  () => {
    console.log(
      JSON.stringify(Object.fromEntries(Object.entries(kinds).map(([kind, { open }]) => [kind, open]))),
    );
  },
  Math.max(posts, idle, downloads, uploads, sockets, http2posts) * 2 + 500,
);

function finish() {
  if (ending) return;
  for (const look of late) look();
  ending = true;
  for (const timer of timers) clearInterval(timer);
  for (const end of atEnd) end();
  console.log(JSON.stringify(kinds));
  setTimeout(() => process.exit(0), 50);
}
process.stdin.once('data', () =>
  setTimeout(() => {
    hurry = lastMs === null;
    if (hurry) for (const go of paused) go();
    const end = performance.now() + 30_000 + (lastMs ?? 0);
    let answersBy = null;
    const look = setInterval(() => {
      if (kinds.downloads.open + kinds.uploads.open > 0 && performance.now() < end) return;
      lastAsked = true;
      answersBy ??= performance.now() + answerMs;
      if ([...waiters].some((waits) => waits()) && performance.now() < answersBy) return;
      clearInterval(look);
      // After what has arrived meanwhile is read: timers come first.
      setImmediate(finish);
    }, 100);
  }, onMs),
);
// Whoever started this is gone.
process.stdin.once('end', () => process.exit(1));
setTimeout(finish, 600_000);
