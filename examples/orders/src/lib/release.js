const { readFileSync } = require('node:fs');
const path = require('node:path');

/**
 * Which release this instance runs. The id stands in two places that travel together: a file in the package and
 * an app setting. When they differ, code and settings of two releases are mixed, and that is not well.
 */
function readRelease(environment = process.env) {
  const inPackage = readStampFile();
  const inSettings = environment.SLOTWAVE_RELEASE_ID ?? null;
  return {
    release: inPackage ?? inSettings,
    consistent: inPackage === inSettings,
  };
}

function readStampFile() {
  try {
    const file = path.join(__dirname, '..', '..', 'slotwave.release.json');
    const { release } = JSON.parse(readFileSync(file, 'utf8'));
    return typeof release === 'string' ? release : null;
  } catch (error) {
    // An app that slotwave did not package has no stamp.
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

module.exports = { readRelease };
