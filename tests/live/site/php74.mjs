// Web server of an unmodified phpIPAM on PHP 7.4 for WebAssembly, for versions that PHP 8 does not run:
// `node php74.mjs SETTINGS.json`, with the directory of `@php-wasm/node` as the working directory.
//
// Each thread has a PHP of its own and serves one request at a time, as a process of a web server's pool does. SETTINGS:
// `www` directory of phpIPAM, `temporary` directory that PHP sees as /tmp, `pear` that of PEAR, `gmp` stand-in for the
// extension, `ini` lines of php.ini, `threads`, `port` and `plain` (with and without TLS), `certificate`, `key`, `log` (one line for each request),
// `database` (MariaDB's socket, for which `databasePort` stands: WebAssembly has TCP only).

import { createWriteStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { pathToFileURL } from 'node:url';
import { Worker, isMainThread, parentPort, threadId, workerData } from 'node:worker_threads';

// WebAssembly returns no memory to the system, so a thread ends after this many requests and another one starts.
const REQUESTS_OF_A_THREAD = 300;

// The packages are in the site's directory, not beside this file.
const load = (name) => import(pathToFileURL(createRequire(`${process.cwd()}/x.js`).resolve(name)));

if (isMainThread) {
    serve(JSON.parse(readFileSync(process.argv[2], 'utf8')));
} else {
    await work(workerData);
}

function serve(settings) {
    const log = createWriteStream(settings.log, { flags: 'a' });
    const idle = [];
    const waiting = [];
    const next = () => {
        while (idle.length > 0 && waiting.length > 0) {
            const [worker, job] = [idle.pop(), waiting.shift()];
            worker.job = job;
            worker.postMessage(job.request);
        }
    };
    const start = () => {
        const worker = new Worker(new URL(import.meta.url), { workerData: settings });
        worker.on('message', (message) => {
            worker.job?.answer(message);
            worker.job = undefined;
            if (!message.isLast) {
                idle.push(worker);
                next();
            }
        });
        worker.on('error', (error) => console.error(error));
        worker.on('exit', () => {
            // Like a process of a web server that dies: an empty response, and a new one.
            worker.job?.answer({ status: 500, headers: {}, body: new Uint8Array() });
            start();
        });
    };
    for (let n = 0; n < settings.threads; n += 1) {
        start();
    }
    const handle = (isTls) => (incoming, outgoing) => {
        const began = process.hrtime.bigint();
        const parts = [];
        incoming.on('data', (part) => parts.push(part));
        incoming.on('end', () => {
            const { method, url, headers } = incoming;
            const answer = ({ status, headers, body }) => {
                for (const [name, values] of Object.entries(headers)) {
                    outgoing.setHeader(name, values);
                }
                outgoing.writeHead(status).end(body);
                const micros = (process.hrtime.bigint() - began) / 1000n;
                log.write(`${method} ${url} ${status} ${body.length} ${micros}\n`);
            };
            const request = { method, url, headers, isTls, port: isTls ? settings.port : settings.plain, body: Buffer.concat(parts) };
            waiting.push({ request, answer });
            next();
        });
    };
    const tls = { cert: readFileSync(settings.certificate), key: readFileSync(settings.key) };
    https.createServer(tls, handle(true)).listen(settings.port, '127.0.0.1');
    http.createServer(handle(false)).listen(settings.plain, '127.0.0.1');
    const bridge = net.createServer((near) => {
        const far = net.connect(settings.database);
        near.pipe(far).pipe(near);
        near.on('error', () => far.destroy());
        far.on('error', () => near.destroy());
    });
    bridge.listen(settings.databasePort, '127.0.0.1');
}

async function work(settings) {
    const { loadNodeRuntime, createNodeFsMountHandler } = await load('@php-wasm/node');
    const { PHP } = await load('@php-wasm/universal');
    const php = new PHP(await loadNodeRuntime('7.4', { emscriptenOptions: { processId: threadId } }));
    await php.mount('/www', createNodeFsMountHandler(settings.www));
    await php.mount('/tmp', createNodeFsMountHandler(settings.temporary));
    await php.mount('/pear', createNodeFsMountHandler(settings.pear));
    await php.setSapiName('apache2handler');
    php.chdir('/www');
    php.mkdir('/stand-in');
    php.writeFile('/stand-in/gmp.php', readFileSync(settings.gmp));
    php.writeFile('/internal/shared/php.ini', ['auto_prepend_file=/stand-in/gmp.php', 'include_path=.:/pear', 'opcache.enable=0', ...settings.ini].join('\n'));
    let left = REQUESTS_OF_A_THREAD;
    parentPort.on('message', async (request) => {
        let response;
        left -= 1;
        try {
            response = await php.run(call(request));
        } catch (error) {
            // A fatal error of PHP has a response. In any case the instance is in doubt.
            left = 0;
            response = error.response;
            if (!response) {
                console.error(error);
            }
        }
        const { httpStatusCode = 500, headers = {}, bytes = new Uint8Array() } = response ?? {};
        parentPort.postMessage({ status: httpStatusCode, headers, body: bytes, isLast: left === 0 });
        if (left === 0) {
            // Ends the thread, once the message is sent.
            parentPort.close();
            setImmediate(() => process.exit());
        }
    });
    parentPort.postMessage({});
}

// What Apache and phpIPAM's own rewrite rules hand to PHP.
function call({ method, url, headers, isTls, port, body }) {
    const $_SERVER = {
        REQUEST_URI: url,
        QUERY_STRING: url.split('?').slice(1).join('?'),
        SCRIPT_NAME: '/index.php',
        SCRIPT_FILENAME: '/www/index.php',
        PHP_SELF: '/index.php',
        DOCUMENT_ROOT: '/www',
        SERVER_NAME: '127.0.0.1',
        SERVER_PORT: String(port),
        SERVER_PROTOCOL: 'HTTP/1.1',
        REMOTE_ADDR: '127.0.0.1',
        // phpIPAM reads it without looking whether it is there.
        CONTENT_TYPE: headers['content-type'] ?? '',
    };
    if (isTls) {
        $_SERVER.HTTPS = 'on';
    }
    const [scheme, basic] = (headers.authorization ?? '').split(' ');
    if (scheme.toLowerCase() === 'basic' && basic) {
        const [user, ...password] = Buffer.from(basic, 'base64').toString().split(':');
        $_SERVER.PHP_AUTH_USER = user;
        $_SERVER.PHP_AUTH_PW = password.join(':');
    }
    return { scriptPath: '/www/index.php', relativeUri: url, method, headers, protocol: isTls ? 'https' : 'http', body: new Uint8Array(body), $_SERVER };
}
