// SPDX-License-Identifier: Apache-2.0
// Loaded before a suite: names below localhost are this machine's (RFC 6761, 6.3), which the C
// library of Debian 12 does not know. Nothing else of name resolution changes.
'use strict';
const dns = require('node:dns');
const lookup = dns.lookup;

dns.lookup = (name, options, callback) => {
  const [how, done] = typeof options === 'function' ? [{}, options] : [options ?? {}, callback];
  if (!/(^|\.)localhost$/i.test(name)) return lookup(name, how, done);
  const addresses = [{ address: '127.0.0.1', family: 4 }];
  process.nextTick(() => (how.all ? done(null, addresses) : done(null, '127.0.0.1', 4)));
};
