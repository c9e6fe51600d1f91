// SPDX-License-Identifier: Apache-2.0
// What the suites share: a served cloud that ends with its suite, TAP, and who signs in.
//
// A suite calls `await serve({...})` first. That starts `redoubt cloud serve` in the current folder,
// runs the suite's file again in the environment that `redoubt cloud env` prints (node reads its
// extra certificates only when it starts), and ends when that has ended.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { ClientSecretCredential } from '@azure/identity';

const [script, program, source] = process.argv.slice(1);
const SPEED = 2000; // an hour of Azure's in 1.8 s

const launch = async (faults, speed) => {
  const words = ['cloud', 'serve', '--port', '0', '--http-port', '0', '--clock', 'scaled', '--speed', String(speed), '--state', 'state',
    '-o', 'json', ...faults.flatMap((fault) => ['--fault', fault])];
  const server = spawn('setpriv', ['--pdeathsig', 'TERM', program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of server.stdout) {
    text += chunk;
    if (text.endsWith('}\n')) break;
  }
  assert.notEqual(text, '', 'the server does not start');
  const env = spawnSync('sh', ['-c', '"$0" cloud env --state state >env.sh && . ./env.sh && env -0', program], { encoding: 'utf8' });
  assert.equal(env.status, 0, env.stderr);
  const variables = Object.fromEntries(env.stdout.split('\0').filter(Boolean).map((line) => line.split(/=(.*)/s, 2)));
  const shim = fileURLToPath(new URL('localhost.cjs', import.meta.url));
  const suite = spawn(process.execPath, ['--require', shim, script, program, source],
    { stdio: 'inherit', env: { ...variables, REDOUBT_SERVED: text } });
  const code = await new Promise((resolve) => suite.on('exit', (status) => resolve(status ?? 1)));
  server.kill('SIGTERM');
  const ended = await new Promise((resolve) => server.on('exit', resolve));
  process.exit(code === 0 && ended !== 0 ? 1 : code);
};

/** What the server said of itself, with `endpoint` and `port`. */
export const serve = async ({ faults = [], speed = SPEED } = {}) => {
  if (!process.env.REDOUBT_SERVED) await launch(faults, speed);
  const about = JSON.parse(process.env.REDOUBT_SERVED);
  return { ...about, endpoint: about.url, port: new URL(about.url).port, subscription: about.subscriptions[0] };
};

/** Signs in as one of the server's applications: 0 the deployer, 1 the reader. */
export const signIn = (about, who = 0) => {
  const application = about.applications[who];
  return new ClientSecretCredential(about.tenant, application.clientId, readFileSync(application.secretFile, 'utf8'),
    { authorityHost: about.url, disableInstanceDiscovery: true });
};

/** A management client, signed in. Most ask for a token of their endpoint by themselves. */
export const manage = (Client, about, { credential = signIn(about), ...options } = {}) =>
  new Client(credential, about.subscription, { endpoint: about.endpoint, ...options });

/** For those that ask for the public cloud's token unless told otherwise, as their users outside of it must. */
export const sovereign = (about) => {
  const scopes = [`${about.endpoint}/.default`];
  return { credentialScopes: scopes, credentials: { scopes } };
};

// How often pollers ask. Retry-After would be honoured; a scaled cloud sends it in milliseconds.
export const soon = { updateIntervalInMs: 20, intervalInMs: 20 };

export const collect = async (pages) => {
  const all = [];
  for await (const item of pages) all.push(item);
  return all;
};

export const names = async (pages) => (await collect(pages)).map((item) => item.name).sort();

/** Azure's refusal as the SDK's own type: RestError with status, code and a word of its text. */
export const refused = (promise, status, code, word = /./) =>
  assert.rejects(promise, (error) => {
    const said = `${error.name} ${error.statusCode} ${error.code}: ${error.message}`;
    assert.equal(error.name, 'RestError', said);
    assert.equal(error.statusCode, status, said);
    assert.equal(error.code, code, said);
    assert.match(error.message, word, said);
    return true;
  });

/** Asks again until `is` holds: what Azure does after it has answered. */
export const until = async (ask, is, seconds = 20) => {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ask();
    if (is(value)) return value;
    assert.ok(Date.now() < end, `it did not come within ${seconds} s: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
};

const claims = [];

/** A test: its name is the claim; `cells` are the "TYPE | OPERATION" that it proves. */
export const claim = (name, cells, prove) => claims.push({ name, cells, prove });

/** Runs the claims in order: a later one may rest on what an earlier one made. */
export const prove = async () => {
  let failed = 0;
  console.log(`1..${claims.length}`);
  for (const [index, { name, cells, prove: run }] of claims.entries()) {
    let problem = null;
    await run().catch((error) => { problem = error ?? 'it threw nothing'; });
    cells.forEach((cell) => console.log(`# cell: ${cell} | js`));
    console.log(`${problem ? 'not ok' : 'ok'} ${index + 1} - ${name}`);
    if (problem) {
      failed += 1;
      console.log(String(problem.stack ?? problem).slice(0, 2500).replace(/^/gm, '# '));
      if (problem.details) console.log(`# ${JSON.stringify(problem.details).slice(0, 1500)}`);
    }
  }
  process.exit(failed ? 1 : 0);
};
