// What stands behind a proxied site in tests: takes what is posted (and answers after 100 ms at /slow), sends something large, and echoes WebSockets.
// node app-server.mjs ADDRESS PORT
import http from 'node:http';

// More than the kernels of both ends keep in their buffers.
const large = Buffer.alloc(24_000_000, 'x');
const server = http.createServer((request, response) => {
  if (request.url === '/big') {
    response.writeHead(200, { 'content-length': large.length });
    return response.end(large);
  }
  request.resume();
  const answer = () => {
    response.writeHead(200, { 'content-length': 2 });
    response.end('ok');
  };
  request.on('end', () => (request.url === '/slow' ? setTimeout(answer, 100) : answer()));
});
server.on('upgrade', (_, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  socket.on('error', () => {});
  socket.pipe(socket);
});
server.keepAliveTimeout = 120_000;
server.listen(Number(process.argv[3]), process.argv[2], () => console.log('listening'));
