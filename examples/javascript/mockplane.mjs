// Mockplane for JavaScript tests: copy this file. It needs Node.js 20 or newer and the `mockplane` binary.
//
//   MOCKPLANE_BIN       the binary, if it is not on the path
//   MOCKPLANE_ENDPOINT  a server that runs already, such as http://mockplane:4545; none is started then
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

// A server on a free port, with flags of `mockplane serve`: { endpoint, stop() }.
export async function serve(...flags) {
  const running = process.env.MOCKPLANE_ENDPOINT;
  if (running) return { endpoint: running.replace(/\/$/, ''), stop: async () => {} };
  const directory = mkdtempSync(join(tmpdir(), 'mockplane-'));
  const endpoints = join(directory, 'endpoints.json');
  const server = spawn(
    process.env.MOCKPLANE_BIN ?? 'mockplane', ['serve', '--port', '0', '--endpoints-file', endpoints, ...flags],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.on('data', data => { log = (log + data).slice(-10_000); });
  let over = false;
  const ended = new Promise(end => {
    server.on('error', error => { log += error.message; end(); });
    server.on('exit', end);
  }).then(() => { over = true; });
  const stop = async () => {
    server.kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  for (let tries = 0; !existsSync(endpoints); tries++) {    // it is there, whole, as soon as the server serves
    if (over || tries === 3000) {
      await stop();
      throw new Error(`mockplane does not serve:\n${log}`);
    }
    await pause(10);
  }
  return { endpoint: JSON.parse(readFileSync(endpoints, 'utf8')).endpoint, stop };
}

// An AWS account of one test, empty. Its number, and so every id in it, follows from the test's name.
export async function account(server, name, region = 'us-east-1') {
  const digest = createHash('sha256').update(name).digest();
  const number = String(digest.readBigUInt64BE() % 10n ** 12n).padStart(12, '0');
  const control = async (method, call, body) => {
    const answer = await fetch(`${server.endpoint}/_mockplane/${call}`, { method, body: body && JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${call}: ${told.error}`);
    return told;
  };
  const own = (method, call, body) =>
    control(method, `${call}${call.includes('?') ? '&' : '?'}account=${number}`, body);
  await own('POST', 'reset');
  return {
    number,
    // What clients of the AWS SDK are made with; of S3 too, which would else be asked at BUCKET.127.0.0.1.
    settings: {
      endpoint: server.endpoint, region, forcePathStyle: true,
      credentials: { accessKeyId: number, secretAccessKey: 'any' },
    },
    control: own,
    stopClock: (start = '2026-01-05T09:00:00Z') => control('POST', 'clock', { account: number, mode: 'manual', start }),
    advance: span => control('POST', 'clock', { account: number, advance: span }),
    explain: resource => own('GET', `explain/${resource}?region=${region}`),
    // The cause, not the sentence: which documented rule decided; null for none.
    decidedBy: async resource => (await own('GET', `explain/${resource}?region=${region}`)).decidedBy ?? null,
  };
}
