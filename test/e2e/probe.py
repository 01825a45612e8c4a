"""A client of its own beside what is tested: asks each VIP every few milliseconds, each time on a new connection.

    python3 probe.py INTERVAL_MS TIMEOUT_MS LIMIT_SECONDS VIP...

Says `ready` once the first request has ended. It stops when its stdin ends, or at the limit, and then prints a line
for each request: the number of its VIP, when it was sent and answered (ms), the status and the host of the answer,
whether the second connection gave it, and why the first had none; `-` is what there is not. It judges a request as
src/measure/sample-loop.ts does, at a quarter of the CPU time: what is timed here shares the machine with this client.
"""
import errno
import gc
import re
import select
import socket
import sys
import time

interval, timeout, limit = (float(word) for word in sys.argv[1:4])
limit *= 1000
vips = sys.argv[4:]
asks = [f'GET /haup/host HTTP/1.1\r\nHost: {vip}\r\nUser-Agent: haup\r\nConnection: close\r\n\r\n'.encode() for vip in vips]
status_of = re.compile(rb'HTTP/1\.[01] (\d{3})[ \r]').match
host_of = re.compile(rb'\r\nx-haup-host: *([^\r]*?) *\r', re.IGNORECASE).search
longest_head = 16384
# A request without an answer after so long tries a second connection.
least_patience, times_usual = 25, 3
# A tick as late as this was a stall of this machine, and no time that an answer took.
stall = 100
reset = b'\1\0\0\0\0\0\0\0'
clock = time.monotonic


def now():
    return clock() * 1000


gc.disable()
poll = select.epoll()
poll.register(0, select.EPOLLIN | select.EPOLLHUP)
connections = {}
under_way = {}
seen = []
usual = 0.0
stalls = 0.0


class Connection:
    __slots__ = ('request', 'socket', 'sent', 'head')

    def __init__(self, request):
        self.request = request
        self.sent = False
        self.head = b''
        self.socket = made = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request.connections.append(self)
        connections[made.fileno()] = self
        code = made.connect_ex((vips[request.vip], 80))
        if code not in (0, errno.EINPROGRESS):
            self.cut(errno.errorcode.get(code, str(code)))
            return
        # On the network of a lab most are connected by now.
        self.send()
        if self.socket is not None:
            poll.register(made.fileno(), select.EPOLLIN if self.sent else select.EPOLLOUT)

    def close(self):
        """By a reset: thousands of connections leave no TIME_WAIT on either side."""
        if self.socket is None:
            return
        del connections[self.socket.fileno()]
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        self.socket.close()
        self.socket = None

    def cut(self, why):
        self.close()
        self.request.was_cut(self, why)

    def send(self):
        try:
            self.socket.send(asks[self.request.vip])
            self.sent = True
        except BlockingIOError:
            pass
        except OSError as error:
            self.cut(errno.errorcode.get(error.errno, str(error.errno)))

    def ready(self):
        if not self.sent:
            self.send()
            if self.sent:
                poll.modify(self.socket.fileno(), select.EPOLLIN)
            return
        try:
            read = self.socket.recv(longest_head)
        except BlockingIOError:
            return
        except OSError as error:
            self.cut(errno.errorcode.get(error.errno, str(error.errno)))
            return
        if not read:
            self.cut('closed')
            return
        self.head += read
        status = status_of(self.head)
        if status is None or b'\r\n\r\n' not in self.head:
            if len(self.head) > longest_head:
                self.cut('no HTTP')
            return
        host = host_of(self.head)
        self.request.answered(self, status[1].decode(), '' if host is None else host[1].decode())


class Request:
    __slots__ = ('vip', 'sent_at', 'stalls', 'connections', 'failed', 'second')

    def __init__(self, vip):
        self.vip = vip
        self.stalls = stalls
        self.connections = []
        self.failed = self.second = None
        self.sent_at = now()
        under_way[self] = None
        Connection(self)

    def answered(self, connection, status, host):
        global usual
        answer = (now(), status, host)
        if connection is self.connections[0]:
            usual += (answer[0] - self.sent_at - usual) / 8
            self.end(answer, False, '-')
            return
        self.second = answer
        # Was the first only slow? A client without a second connection would still wait for it.
        connection.close()
        if self.failed is not None:
            self.give(self.failed)

    def was_cut(self, connection, why):
        if self not in under_way:
            return
        first = connection is self.connections[0]
        if first and self.failed is None:
            self.failed = why
        if len(self.connections) == 2:
            if self.connections[1 if first else 0].socket is None:
                self.give(why)
        # Cut in flight: the VIP moved between two packets. Anything else is the service's own word.
        elif why in ('ECONNRESET', 'closed'):
            self.again()
        else:
            self.give(why)

    def again(self):
        if len(self.connections) == 1:
            Connection(self)

    def give(self, why):
        if self.failed is None:
            self.failed = why
        self.end(self.second, self.second is not None, self.failed)

    def end(self, answer, retried, why):
        if under_way.pop(self, self) is self:
            return
        for connection in self.connections:
            connection.close()
        seen.append((self.vip, self.sent_at, answer, retried, why))
        if len(seen) == 1:
            print('ready', flush=True)


def sweep(at):
    """As of the tick that ordered it; answers that came meanwhile have been read."""
    patience = max(least_patience, times_usual * usual)
    # In the order of sending: the first that is young enough ends it.
    for request in list(under_way):
        age = at - request.sent_at - (stalls - request.stalls)
        if age < patience:
            break
        if age < timeout:
            request.again()
        else:
            request.give('timeout')


start = now()
slot = 0
expected = start + interval
stopping = False
while not stopping or under_way:
    for number, _ in poll.poll(max(0, (expected - now()) / 1000)):
        if number == 0:
            stopping = True
            poll.unregister(0)
        elif number in connections:
            connections[number].ready()
    at = now()
    if at < expected:
        continue
    if at - expected > stall:
        stalls += at - expected
    stopping = stopping or at - start >= limit
    due = int((at - start) / interval)
    if not stopping and due > slot:
        slot = due
        for vip in range(len(vips)):
            Request(vip)
    for number, _ in poll.poll(0):
        if number in connections:
            connections[number].ready()
    sweep(at)
    expected = start + (due + 1) * interval

# What was told on the wall clock meanwhile is compared with this.
print(time.time() * 1000 - now())
for vip, sent_at, answer, retried, why in seen:
    answered_at, status, host = ('-', '-', '-') if answer is None else answer
    print(vip, f'{sent_at:.3f}', answered_at if answer is None else f'{answered_at:.3f}', status, host or '-', int(retried), why)
