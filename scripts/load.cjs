// Loads the bundled program with the code that V8 compiled when it was built: that saves half of the start-up time.
// V8 takes the code only where it comes from the same version of Node; elsewhere the program is compiled as usual.
'use strict';

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const file = path.join(__dirname, 'main.cjs');
const cacheFile = path.join(__dirname, 'main.cache');

/** The exports of the program. */
function loadProgram() {
  return loadScript().exports;
}

/** The exports of the program, and its script, from which the build makes the cache. */
function loadScript() {
  const script = new vm.Script(fs.readFileSync(file, 'latin1'), { filename: file, cachedData: readCache() });
  const loaded = { exports: {} };
  script.runInThisContext()(loaded.exports, createRequire(file), loaded, file, __dirname);
  return { exports: loaded.exports, script };
}

function readCache() {
  try {
    return fs.readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}

module.exports = { cacheFile, loadProgram, loadScript };
